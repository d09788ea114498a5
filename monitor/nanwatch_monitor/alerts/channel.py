"""What every channel offers."""

from __future__ import annotations

from typing import Protocol

from nanwatch_monitor.store.outbox import Message


class DeliveryError(Exception):
    """A message was not delivered.

    Args:
        reason: for people.
        permanent: whether another attempt would be no better.
    """

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Channel(Protocol):
    """A way to people."""

    def send(self, message: Message) -> None:
        """Deliver the message, or raise DeliveryError. It may come again with the same id."""
