"""The webhook channel: one JSON POST for each incident."""

from __future__ import annotations

from typing import Any

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from nanwatch.events import to_json
from nanwatch_monitor.alerts.channel import DeliveryError
from nanwatch_monitor.alerts.targets import Target, TargetError, checked
from nanwatch_monitor.store.outbox import Message
from nanwatch_monitor.views import iso

TIMEOUT_S = 5.0
_LATER = (408, 425, 429)  # refusals that pass


class Webhook:
    """Posts to one URL. Follows no redirect, uses no proxy and reads no answer but its status.

    Args:
        url: where to.
        allowed: see `targets.checked`.
        public_url: where people reach this server, for the link to the run.
    """

    def __init__(self, url: str, allowed: tuple[str, ...], public_url: str) -> None:
        self._url, self._allowed, self._public_url = url, allowed, public_url

    def send(self, message: Message) -> None:
        """Deliver, or raise DeliveryError."""
        body = msgspec.json.encode(body_of(message, self._public_url))
        try:
            target = checked(self._url, self._allowed)
            status = _post(target, body, message.message_id)
        except TargetError as error:
            raise DeliveryError(str(error), permanent=False) from error
        except HTTPError as error:
            raise DeliveryError(type(error).__name__, permanent=False) from error
        if not 200 <= status < 300:
            permanent = 300 <= status < 500 and status not in _LATER
            raise DeliveryError(f"the receiver answered {status}", permanent=permanent)


def body_of(message: Message, public_url: str) -> dict[str, Any]:
    """What the receiver gets."""
    incident = message.incident
    diagnosis = incident.diagnosis
    cause = diagnosis.causes[0] if diagnosis.causes else None
    found: dict[str, Any] = to_json(
        {
            "webhook_id": message.message_id,
            "run": {"id": incident.run_id, "name": incident.run_name},
            "url": f"{public_url}/runs/{incident.run_id}",
            "symptom": diagnosis.symptom,
            "severity": diagnosis.severity,
            "label": diagnosis.label,
            "confidence": cause.confidence if cause else None,
            "first_step": diagnosis.first_step,
            "summary": cause.summary if cause else "",
            "where": cause.where if cause else {},
            "fix": cause.fix if cause else None,
            "opened_at": iso(incident.opened_at),
        }
    )
    return found


def _post(target: Target, body: bytes, message_id: str) -> int:
    headers = {
        "Host": target.host_header,
        "Content-Type": "application/json",
        "User-Agent": "nanwatch",
        "webhook-id": message_id,
    }
    with _pool(target) as pool:
        response = pool.urlopen(
            "POST",
            target.path,
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            preload_content=False,
        )
        response.close()
    return response.status


def _pool(target: Target) -> urllib3.HTTPConnectionPool:
    """A connection to the checked address; the certificate is that of the host's name."""
    timeout = urllib3.Timeout(total=TIMEOUT_S)
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(target.address, target.port, timeout=timeout)
    return urllib3.HTTPSConnectionPool(
        target.address,
        target.port,
        timeout=timeout,
        assert_hostname=target.host,
        server_hostname=target.host,
    )
