"""The recorder: sees what Keras does not say - each batch's true loss, gradients, the batch itself.

Keras gives a callback the running mean of the loss since the epoch began, in which a hundredfold
spike at batch 1000 shows as 1.1 and one NaN hides all that follows. The recorder wraps the train
step instead (TensorFlow backend), reads one row of numbers out of each step, keeps the last
batches by reference, and holds the update back when loss or gradients are not finite.
"""

from nanwatch.recorder.recorder import Recorder, Step
from nanwatch.recorder.snapshot import Snapshot

__all__ = ["Recorder", "Snapshot", "Step"]
