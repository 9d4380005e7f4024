"""Alertmanager, API v2: a crisis is one alert, told again and again while it is open.

Alertmanager knows an alert by its labels, so they are the same from opening to resolve; the level and every text change
and are annotations. Whoever wants levels to go different ways routes them in Vigie's own notification file.

An open alert ends by itself at its `endsAt`. Prometheus sets that to a few minutes ahead, but a crisis is not over
because the notify agent is down for minutes: it is an hour ahead, and the caller repeats the alert every minute.

Labels are ours alone. Annotations hold words of strangers, and Alertmanager passes them on to Slack and others without
escaping: what would be mark-up or a mention there (``<!channel>``) is written with other signs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from agents.notify.sinks.endpoint import MALFORMED, TOO_LARGE, Endpoint
from pipeline.notify.channels import Alertmanager
from pipeline.notify.notification import Notification
from pipeline.notify.words import exemplar_links, in_words, name_of
from schemas.codec import encode
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CommunicationOverdue
from schemas.times import from_rfc3339, to_rfc3339

__all__ = ["AlertmanagerSink"]

_ACCEPTED = 200
_FINAL = {400: MALFORMED, 413: TOO_LARGE, 422: MALFORMED}
"""Other refusals are not Alertmanager's but of what is in front of it, and that is mended while we try again."""
_OPEN_FOR = timedelta(hours=1)
_NO_MARK_UP = str.maketrans(
    "<>", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
)
_CLOCKS_APART = timedelta(minutes=1)
"""Alertmanager keeps an alert open whose end it has not reached by its own clock, which may be behind ours."""


class AlertmanagerSink:
    """Tells one Alertmanager."""

    repeats = True

    def __init__(self, channel: Alertmanager) -> None:
        self._language = channel.language
        self._endpoint = Endpoint(channel.name, f"{channel.url.rstrip('/')}/api/v2/alerts")

    async def deliver(self, session: aiohttp.ClientSession, notification: Notification, *, now: datetime) -> None:
        """Post the alert as it is now; see `Sink`. A reminder changes no alert."""
        if isinstance(notification.event, CommunicationOverdue):
            return
        answer = await self._endpoint.post(session, encode([self._alert(notification.event, now)]))
        if answer.status != _ACCEPTED:
            raise self._endpoint.refusal(answer, _FINAL, now=now)

    def _alert(self, event: CrisisEvent, now: datetime) -> dict[str, Any]:
        words = in_words(event, self._language)
        starts, ends = _span(event, now)
        return {
            "labels": {
                "alertname": "VigieCrisis",
                "source": "vigie",
                "brand": event.brand,
                "crisis_id": event.crisis_id,
            },
            "annotations": {
                "level": str(int(event.level)),
                "level_name": name_of(event.level, self._language),
                "step": event.type.value,
                "summary": words.title.translate(_NO_MARK_UP),
                "description": "\n".join(words.lines).translate(_NO_MARK_UP),
                **({"tweets": tweets} if (tweets := " ".join(exemplar_links(event).values())) else {}),
            },
            "startsAt": starts,
            "endsAt": ends,
        }


def _span(event: CrisisEvent, now: datetime) -> tuple[str, str]:
    """Return start and end. Event time decides, but neither may lie ahead of what Alertmanager's clock may show."""
    reached = _ms(now - _CLOCKS_APART)
    starts = min(from_rfc3339(event.opened_at), reached)
    if event.type is CrisisEventType.RESOLVED:
        ends = max(starts, min(from_rfc3339(event.time), reached))
    else:
        ends = _ms(now + _OPEN_FOR)
    return to_rfc3339(starts), to_rfc3339(ends)


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
