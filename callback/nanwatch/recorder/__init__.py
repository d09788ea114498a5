"""The recorder: sees what Keras does not say - each batch's true loss, gradients, the batch itself.

Keras gives a callback the running mean of the loss since the epoch began, in which a hundredfold
spike at batch 1000 shows as 1.1 and one NaN hides all that follows. A recorder
(`recorder.Recorder`, `jax_recorder.JaxRecorder`, `torch_recorder.TorchRecorder`) wraps the train
step instead, reads one row of numbers out of each step, keeps the last batches by reference, and
holds an update back when loss or gradients are not finite.
`logs.LogsRecorder` is the next best thing where the step cannot be wrapped.
"""
