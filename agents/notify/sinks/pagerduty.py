"""PagerDuty, Events API v2: a crisis is one alert, which every step triggers again and the last resolves.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import aiohttp

from agents.notify.sinks.endpoint import MALFORMED, TOO_LARGE, Endpoint
from agents.notify.sinks.secretfile import read_secret
from pipeline.notify.channels import PagerDuty
from pipeline.notify.notification import Notification
from pipeline.notify.words import exemplar_links, in_words, name_of
from schemas.codec import encode
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CommunicationOverdue
from schemas.window import Level

__all__ = ["PagerDutySink"]

_ACCEPTED = 202
_FINAL = {400: f"{MALFORMED}, or does not know the routing key", 413: TOO_LARGE}
"""The API knows no other refusal of an event; it asks to try everything else again."""
_SEVERITIES = {
    Level.CALM: "info",
    Level.WATCH: "info",
    Level.ALERT: "warning",
    Level.CRISIS: "error",
    Level.SEVERE: "critical",
}
_LONGEST_SUMMARY = 1024


class PagerDutySink:
    """Tells one integration of PagerDuty."""

    repeats = False

    def __init__(self, channel: PagerDuty) -> None:
        self._language = channel.language
        self._endpoint = Endpoint(channel.name, channel.url)
        self._routing_key = read_secret(channel.name, channel.routing_key_file)

    async def deliver(self, session: aiohttp.ClientSession, notification: Notification, *, now: datetime) -> None:
        """Enqueue the event; see `Sink`. A reminder is no event of the incident."""
        if isinstance(notification.event, CommunicationOverdue):
            return
        answer = await self._endpoint.post(session, encode(self._message(notification.event)))
        if answer.status != _ACCEPTED:
            raise self._endpoint.refusal(answer, _FINAL, now=now)

    def _message(self, event: CrisisEvent) -> dict[str, Any]:
        addressed = {"routing_key": self._routing_key, "dedup_key": event.crisis_id}
        if event.type is CrisisEventType.RESOLVED:
            return {**addressed, "event_action": "resolve"}
        words = in_words(event, self._language)
        return {
            **addressed,
            "event_action": "trigger",
            "client": "Vigie",
            "links": [{"href": link, "text": tweet_id} for tweet_id, link in exemplar_links(event).items()],
            "payload": {
                "summary": words.title[:_LONGEST_SUMMARY],
                "timestamp": event.time,
                "severity": _SEVERITIES[event.level],
                "source": "vigie",
                "component": event.brand,
                "class": event.type.value,
                "custom_details": {"what": list(words.lines), **self._numbers(event)},
            },
        }

    def _numbers(self, event: CrisisEvent) -> dict[str, Any]:
        evidence = event.evidence
        return {
            "level": name_of(event.level, self._language),
            "peak_level": name_of(event.peak_level, self._language),
            "opened_at": event.opened_at,
            "window": evidence.window,
            "mentions": evidence.observed.volume,
            "mentions_expected": evidence.expected_volume,
            "negative_share": evidence.negative_share,
            "negative_share_expected": evidence.negative_share_expected,
            "authors": evidence.observed.authors,
            "questions": evidence.questions,
            "own_posts_24h": evidence.own_posts_24h,
            "score": evidence.score,
        }
