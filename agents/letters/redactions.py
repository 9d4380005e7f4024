"""Events of crises that have been redacted since they became dead letters."""

from __future__ import annotations

from contextlib import aclosing

from agents.letters.letter import Letter
from agents.reading import is_redacted, read_topic
from agents.settings import Settings

__all__ = ["Redactions", "event_of", "read_redactions"]

Redactions = dict[bytes, int]
"""By ID of an event, the offset of its last redacted version."""


def event_of(letter: Letter) -> bytes | None:
    """Return the ID of the event that a letter is of; none when its record did not say."""
    return dict(letter.original_headers).get("ce_id")


async def read_redactions(settings: Settings) -> Redactions:
    """Read which events the topic of crises holds redacted.

    Raises
    ------
    TopicProblem
        There is no such topic.
    """
    found: Redactions = {}
    topic = settings.topics.crises
    async with aclosing(read_topic(settings, topic, from_beginning=True, follow=False)) as records:
        async for record in records:
            if is_redacted(record) and (event := dict(record.headers).get("ce_id")) is not None:
                found[event] = record.offset
    return found
