"""The webhook channel: JSON, signed as https://www.standardwebhooks.com has it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import msgspec

from nanwatch.events import to_json
from nanwatch_monitor.alerts.post import post
from nanwatch_monitor.incidents import Incident
from nanwatch_monitor.store.outbox import Message
from nanwatch_monitor.views import iso

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with, not one of them


class Webhook:
    """Posts to one URL. Follows no redirect, uses no proxy and reads no answer but its status.

    Args:
        url: where to.
        allowed: see `targets.checked`.
        public_url: where people reach this server, for the links.
        secret: signs the messages when it is given.
        plain: see `post`.
        clock: seconds since 1970, for the signature.
    """

    def __init__(
        self,
        url: str,
        allowed: tuple[str, ...],
        public_url: str,
        secret: str | None = None,
        plain: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url, self._allowed, self._plain = url, allowed, plain
        self._public_url, self._secret, self._clock = public_url, secret, clock

    def send(self, message: Message) -> int:
        """Deliver, or raise DeliveryError."""
        body = msgspec.json.encode(body_of(message, self._public_url))
        moment = int(self._clock())
        headers = {"webhook-id": message.message_id, "webhook-timestamp": str(moment)}
        if self._secret:
            signature = signature_of(self._secret, message.message_id, moment, body)
            headers["webhook-signature"] = signature
        return post(self._url, body, headers, self._allowed, self._plain)


def signature_of(secret: str, message_id: str, moment: int, body: bytes) -> str:
    """The signature of a body: HMAC-SHA256 over id, moment and body."""
    signed = b"%s.%d.%s" % (message_id.encode(), moment, body)
    mac = hmac.digest(key_of(secret), signed, hashlib.sha256)
    return "v1," + base64.b64encode(mac).decode("ascii")


def key_of(secret: str) -> bytes:
    """The bytes of a secret such as "whsec_MfKQ9r8G...". Raises ValueError when it is none."""
    text = secret.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is whsec_ and then base64") from error
    if not (secret.startswith(SECRET_PREFIX) and 24 <= len(key) <= 64):
        raise ValueError("a secret is whsec_ and then 24 to 64 bytes in base64")
    return key


def body_of(message: Message, public_url: str) -> dict[str, Any]:
    """What the receiver gets: the first alert, and all that the message is about."""
    told = [_incident_view(incident, public_url) for incident in message.incidents]
    about = {
        "webhook_id": message.message_id,
        "type": f"alert.{message.telling}",
        "text": message.words,
        "n_alerts": len(message.incident_ids),
        "alerts_url": f"{public_url}/alerts",
        "alerts": told,
    }
    return (told[0] if told else {}) | about


def _incident_view(incident: Incident, public_url: str) -> dict[str, Any]:
    diagnosis, standing = incident.diagnosis, incident.standing
    cause = diagnosis.causes[0] if diagnosis.causes else None
    found: dict[str, Any] = to_json(
        {
            "id": incident.id,
            "run": {"id": incident.run_id, "name": incident.run_name},
            "project": incident.project,
            "url": f"{public_url}/runs/{incident.run_id}",
            "symptom": diagnosis.symptom,
            "fault": diagnosis.fault,
            "severity": diagnosis.severity,
            "state": standing.state,
            "label": diagnosis.label,
            "confidence": cause.confidence if cause else None,
            "first_step": diagnosis.first_step,
            "summary": cause.summary if cause else "",
            "where": cause.where if cause else {},
            "evidence": cause.evidence if cause else (),
            "fix": cause.fix if cause else None,
            "note": standing.note,
            "opened_at": iso(incident.opened_at),
        }
    )
    return found
