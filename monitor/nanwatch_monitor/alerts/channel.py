"""What every channel offers."""

from __future__ import annotations

from typing import Protocol

from nanwatch_monitor.store.outbox import Message


class DeliveryError(Exception):
    """A message was not delivered.

    Args:
        reason: for people; without secrets.
        permanent: whether another attempt would be no better.
        status: what the receiver answered, if it did.
        retry_after_s: when it wants to be asked again, if it said so.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        status: int | None = None,
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.permanent, self.status, self.retry_after_s = permanent, status, retry_after_s


class Channel(Protocol):
    """A way to people."""

    def send(self, message: Message) -> int | None:
        """Deliver the message, or raise DeliveryError. It may come again with the same id.

        Returns:
            What the receiver answered, where that is a number.
        """
