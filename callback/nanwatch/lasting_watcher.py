"""A watcher whose memory outlives the process that it runs in."""

from __future__ import annotations

from nanwatch import memory
from nanwatch.detectors import Curve, ExplosionDetector, NonFiniteDetector, SpikeDetector
from nanwatch.detectors.curve import Block
from nanwatch.detectors.running import RunningMedian, UsualLevel
from nanwatch.tracks import Track
from nanwatch.watcher import Watcher


class LastingWatcher(Watcher):
    """Says what it knows as bytes, and goes on from those of another one."""

    def remembered(self) -> bytes:
        """All that it knows by now."""
        return memory.freeze(self, KINDS)

    def recall(self, remembered: bytes) -> None:
        """Know what another one knew. Raises ForgottenError when that was of another version."""
        vars(self).update(vars(memory.thaw(remembered, KINDS)))


KINDS: memory.Kinds = {
    "Block": lambda: Block(0, 0.0, 0.0, 0.0),
    "Curve": Curve,
    "ExplosionDetector": lambda: ExplosionDetector(""),
    "LastingWatcher": LastingWatcher,
    "NonFiniteDetector": lambda: NonFiniteDetector(""),
    "RunningMedian": lambda: RunningMedian(0),
    "SpikeDetector": lambda: SpikeDetector(""),
    "Track": lambda: Track(()),
    "UsualLevel": lambda: UsualLevel(0),
}
