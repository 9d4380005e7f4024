"""Any HTTP endpoint: the step of a crisis, or the reminder, as it was published, signed.

The body is the event's bytes, the headers are those of CloudEvents' HTTP binding (binary mode) and of the Standard
Webhooks specification, for which most languages have a library that checks the signature. A receiver knows an event
that it has had already by `webhook-id`, which `Idempotency-Key` repeats for gateways that look there.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import aiohttp

from agents.notify.sinks.endpoint import MALFORMED, TOO_LARGE, Endpoint
from agents.notify.sinks.secretfile import malformed, read_secret
from pipeline.notify.channels import Webhook
from pipeline.notify.notification import Notification
from schemas import cloudevents
from schemas.crisis import CrisisEvent
from schemas.situation import CommunicationOverdue

__all__ = ["WebhookSink"]

_ACCEPTED = range(200, 300)
_FINAL = {400: MALFORMED, 410: "it wants no more notifications", 413: TOO_LARGE, 415: MALFORMED, 422: MALFORMED}
"""Refusals of this notification. Other ones (401, 403, 404 ...) speak of the address, the secret or what is in front of
the receiver, which people mend while we try again; the specification asks for that as well."""
_PREFIX = "whsec_"
_SHORTEST_SECRET = 16
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What stands for itself in a CloudEvents header."""


class WebhookSink:
    """Tells one endpoint."""

    repeats = False

    def __init__(self, channel: Webhook) -> None:
        self._endpoint = Endpoint(channel.name, channel.url)
        self._key = _signing_key(channel.name, channel.secret_file)

    async def deliver(self, session: aiohttp.ClientSession, notification: Notification, *, now: datetime) -> None:
        """Post the event; see `Sink`."""
        headers = {
            **_event_headers(notification.event),
            **self._signature(notification, now),
            "Idempotency-Key": notification.id,
        }
        answer = await self._endpoint.post(session, notification.payload, headers)
        if answer.status not in _ACCEPTED:
            raise self._endpoint.refusal(answer, _FINAL, now=now)

    def _signature(self, notification: Notification, now: datetime) -> dict[str, str]:
        timestamp = str(int(now.timestamp()))
        signed = b".".join((notification.id.encode(), timestamp.encode(), notification.payload))
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return {
            "webhook-id": notification.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }


def _event_headers(event: CrisisEvent | CommunicationOverdue) -> dict[str, str]:
    """Return the attributes that the event's record on Kafka has, as HTTP has them."""
    return {
        f"ce-{name.removeprefix('ce_')}": quote(value, safe=_PLAIN)
        for name, value in cloudevents.crisis_headers(event)
        if name.startswith("ce_")
    }


def _signing_key(channel: str, path: Path) -> bytes:
    secret = read_secret(channel, path)
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise malformed(channel, path, f"holds no base64 after {_PREFIX}") from None
    if len(key) < _SHORTEST_SECRET:
        raise malformed(channel, path, f"holds a secret of less than {_SHORTEST_SECRET} bytes")
    return key
