"""A Slack incoming webhook: one message a step or reminder.

Names and phrases come from people who may mean harm, so nothing in them may become a link or a mention: the three
characters of Slack's mark-up are escaped, and Slack is told not to look for anything else in the text.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import aiohttp

from agents.notify.sinks.contract import NotNow, Undeliverable
from agents.notify.sinks.endpoint import MALFORMED, TOO_LARGE, Endpoint
from agents.notify.sinks.secretfile import read_secret
from pipeline.notify.channels import Slack
from pipeline.notify.notification import Notification
from pipeline.notify.words import exemplar_links, in_words, tweets_to_read
from schemas.codec import encode
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.situation import CommunicationOverdue

__all__ = ["SlackSink"]

_ACCEPTED = (200, "ok")
_NO_CHANNEL = "its channel does not exist any more"
_NO_WEBHOOK = "the webhook does not exist or was switched off; make another"
_FORBIDDEN = "posting is forbidden there"
_FINAL = {
    400: MALFORMED,
    403: _FORBIDDEN,
    404: "the webhook or its channel does not exist any more",
    410: "its channel is archived",
    413: TOO_LARGE,
}
_FINAL_WORDS = {
    "action_prohibited": _FORBIDDEN,
    "channel_is_archived": "its channel is archived",
    "channel_not_found": _NO_CHANNEL,
    "invalid_blocks": MALFORMED,
    "invalid_blocks_format": MALFORMED,
    "invalid_payload": MALFORMED,
    "invalid_token": _NO_WEBHOOK,
    "missing_text_or_fallback_or_attachments": MALFORMED,
    "no_active_hooks": _NO_WEBHOOK,
    "no_service": _NO_WEBHOOK,
    "no_service_id": _NO_WEBHOOK,
    "no_team": "the workspace does not exist any more",
    "no_text": MALFORMED,
    "posting_to_general_channel_denied": _FORBIDDEN,
    "team_disabled": "the workspace is switched off",
    "user_not_found": "its user does not exist any more",
}
"""Slack says in one word why not. After other words (`rate_limited`, `rollup_error`) another attempt is worth it."""
_LONGEST_ANSWER = 256
_LONGEST_TEXT = 2900
"""Slack takes 3,000 characters a block."""
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class SlackSink:
    """Tells one channel of a workspace."""

    repeats = False

    def __init__(self, channel: Slack) -> None:
        self._language = channel.language
        url = read_secret(channel.name, channel.url_file)
        self._endpoint = Endpoint(channel.name, url, found_in=f"what {channel.url_file} holds")

    async def deliver(self, session: aiohttp.ClientSession, notification: Notification, *, now: datetime) -> None:
        """Post the message; see `Sink`."""
        body = encode(self._message(notification.event))
        answer = await self._endpoint.post(session, body, read_up_to=_LONGEST_ANSWER)
        status, word = answer.status, answer.text.strip()
        if (status, word) == _ACCEPTED:
            return
        if meaning := _FINAL_WORDS.get(word):
            raise Undeliverable(self._endpoint.about(f"answers {status}, {word}: {meaning}"))
        if status == _ACCEPTED[0]:
            raise NotNow(self._endpoint.about("the answer is not Slack's; it may come from something in between"))
        raise self._endpoint.refusal(answer, _FINAL, now=now)

    def _message(self, event: CrisisEvent | CommunicationOverdue) -> dict[str, Any]:
        words = in_words(event, self._language)
        title = f"*{_escaped(words.title)}*"
        if isinstance(event, CommunicationOverdue):
            blocks = [_section(title), *(_section(_escaped(line)) for line in words.lines)]
        elif event.type is CrisisEventType.UPDATED:
            said = words.notes[:1] if event.feedback else ()
            blocks = [_section(title, *map(_escaped, (*said, *words.numbers)))]
        else:
            blocks = [_section(title), *(_section(_escaped(line)) for line in words.lines)]
            if links := [f"<{link}|{tweet_id}>" for tweet_id, link in exemplar_links(event).items()]:
                blocks.append(_section(tweets_to_read(links, self._language)))
        return {
            "text": _escaped(words.title),
            "blocks": blocks,
            # A preview would show the text of a tweet.
            "unfurl_links": False,
            "unfurl_media": False,
        }


def _section(*lines: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines), "verbatim": True}}


def _escaped(text: str) -> str:
    """Escape text, and cut it between two characters where it would be too long for a block."""
    escaped: list[str] = []
    left = _LONGEST_TEXT
    for character in text:
        written = _ENTITIES.get(character, character)
        left -= len(written)
        if left <= 0:
            return "".join((*escaped, "…"))
        escaped.append(written)
    return "".join(escaped)
