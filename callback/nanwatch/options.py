"""What a user of the callback may choose beside where the run goes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from nanwatch.recorder.memory import BUDGET_MIB, MIB
from nanwatch.settings import choose

OnNonfinite = Literal["stop", "skip", "rollback", "record"]
Probes = Literal["full", "light", "off"]
LogFreq = Literal["batch", "epoch"] | int

ON_NONFINITE: tuple[OnNonfinite, ...] = get_args(OnNonfinite)
PROBES: tuple[Probes, ...] = get_args(Probes)


@dataclass(frozen=True)
class Options:
    """How a fit is watched.

    Attributes:
        every: every how many batches points are logged; None: only at epochs' ends.
        on_nonfinite: "stop" ends the fit, "skip" leaves the update out, "rollback" goes back to
            the last healthy state, "record" only looks on.
        probes: "full", "light" (no replays) or "off" (Keras' logs only).
        verbose: 0 keeps the terminal quiet.
        memory: bytes for what the flight recorder keeps.
    """

    every: int | None
    on_nonfinite: OnNonfinite
    probes: Probes
    verbose: int
    memory: int

    @classmethod
    def resolve(
        cls,
        log_freq: LogFreq,
        on_nonfinite: str,
        probes: str,
        verbose: int | str,
        memory_mib: float = BUDGET_MIB,
    ) -> Options:
        """Check every choice. Raises ValueError that says what, why and how to mend."""
        return cls(
            _every(log_freq),
            choose("on_nonfinite", on_nonfinite, ON_NONFINITE),
            choose("probes", probes, PROBES),
            1 if verbose == "auto" else int(verbose),
            _memory(memory_mib),
        )

    @property
    def guard(self) -> bool:
        """Whether the model's state is to be kept finite."""
        return self.on_nonfinite != "record"

    def logs(self, step: int) -> bool:
        """Whether the points of this step are logged."""
        return self.every is not None and step % self.every == 0


def _every(log_freq: object) -> int | None:
    if isinstance(log_freq, int) and not isinstance(log_freq, bool) and log_freq > 0:
        return log_freq
    if isinstance(log_freq, str):
        return {"batch": 1, "epoch": None}[choose("log_freq", log_freq, ("batch", "epoch"))]
    raise ValueError(
        f"log_freq={log_freq!r} makes no sense: pass 'batch', 'epoch', or a whole number of "
        f"batches above 0"
    )


def _memory(mib: object) -> int:
    if isinstance(mib, int | float) and not isinstance(mib, bool) and 0 <= mib < math.inf:
        return int(mib * MIB)
    raise ValueError(
        f"memory_mib={mib!r} makes no sense: pass how many MiB the flight recorder may take, such "
        f"as {BUDGET_MIB}, or 0 to keep nothing"
    )
