"""The one error that stops a command: what is wrong, why, and how to mend it."""

from __future__ import annotations


class SetupError(Exception):
    """The server cannot start or do what was asked, and the user can do something about it.

    Args:
        what: what went wrong.
        why: the reason, as far as it is known.
        how: what to do about it.
    """

    def __init__(self, what: str, why: str, how: str) -> None:
        super().__init__(f"{what}\n  why: {why}\n  fix: {how}")
        self.what, self.why, self.how = what, why, how
