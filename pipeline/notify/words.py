"""A step of a crisis, or a reminder in one, in the few plain words of a notification. Never the text of a tweet.

A notification says what to know at once; `vigie explain` says why, with the same words for the same things.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from pipeline.explain import speech
from pipeline.notify import words_english, words_french
from pipeline.notify.channels import Language
from pipeline.postid import web_address
from schemas.crisis import CrisisEvent, CrisisEventType, Evidence
from schemas.feedback import FeedbackHeld
from schemas.situation import CommunicationOverdue

__all__ = ["Words", "exemplar_links", "in_words", "name_of", "tweets_to_read"]

_LANGUAGES: dict[Language, speech.Language] = {
    "en": speech.LANGUAGES["en"]._replace(words=speech.LANGUAGES["en"].words | words_english.WORDS),
    "fr": speech.LANGUAGES["fr"]._replace(words=speech.LANGUAGES["fr"].words | words_french.WORDS),
}
_CONCERNS, _HASHTAGS, _EXEMPLARS = 3, 5, 3
_LONGEST = 80
"""Characters of a phrase or a name; a key of a brand is shorter."""
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Without a shape of their own, but words of some languages and many emoji are spelt with them."""


class Words(NamedTuple):
    """A step in words, in the order in which it is read. Each text is one line."""

    title: str
    """Which brand, what happened, which level."""
    numbers: tuple[str, ...]
    """How many mentions and how many of them negative, against what is usual."""
    talk: tuple[str, ...]
    """What people talk about, what they ask, and what the brand itself posted."""
    notes: tuple[str, ...]
    """Since when, and what to know about the numbers."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything but the title."""
        return (*self.numbers, *self.talk, *self.notes)


def in_words(event: CrisisEvent | CommunicationOverdue, language: Language) -> Words:
    """Put a step of a crisis, or a reminder, into words."""
    speaking = _LANGUAGES[language]
    if isinstance(event, CommunicationOverdue):
        return _reminder(event, speaking)
    evidence = event.evidence
    return Words(
        title=_title(event, speaking),
        numbers=_numbers(evidence, speaking),
        talk=_talk(evidence, speaking),
        notes=_notes(event, speaking),
    )


def _title(event: CrisisEvent, speaking: speech.Language) -> str:
    brand, level = _plain(event.brand), speaking.level(event.level)
    if (said := event.feedback) is not None:
        until = speaking.moment(said.until) if said.until else ""
        return speaking.say(f"told_{said.verdict}", brand=brand, level=level, until=until)
    previous = speaking.level(event.previous_level)
    return speaking.say(f"told_{event.type}", brand=brand, previous=previous, level=level)


def name_of(level: int, language: Language) -> str:
    """Name a level."""
    return _LANGUAGES[language].level(level)


def exemplar_links(event: CrisisEvent) -> dict[str, str]:
    """Return the addresses of the first tweets to read, by ID; what cannot be an ID is left out."""
    found = ((exemplar.tweet_id, web_address(exemplar.tweet_id)) for exemplar in event.evidence.exemplars)
    return dict(islice(((tweet_id, link) for tweet_id, link in found if link is not None), _EXEMPLARS))


def tweets_to_read(shown: list[str], language: Language) -> str:
    """Introduce links to tweets."""
    speaking = _LANGUAGES[language]
    return speaking.say("tweets", tweets=speaking.listed(shown))


def _numbers(evidence: Evidence, speaking: speech.Language) -> tuple[str, ...]:
    counts = evidence.observed
    window = speaking.words.get(f"last_{evidence.window}", f"({_plain(evidence.window)})")
    expected = speaking.amount(evidence.expected_volume)
    if not counts.volume:
        return (speaking.say("seen_nothing", window=window, expected=expected),)
    counted = speaking.say_of(
        "counted",
        counts.volume,
        volume=speaking.number(counts.volume),
        window=window,
        authors=speaking.say_of("people", counts.authors),
        expected=expected,
    )
    negative = speaking.say_of(
        "negative",
        counts.negative,
        negative=speaking.number(counts.negative),
        share=speaking.share(evidence.negative_share),
        usual=speaking.share(evidence.negative_share_expected),
    )
    return counted, negative


def _talk(evidence: Evidence, speaking: speech.Language) -> tuple[str, ...]:
    concerns = [
        speaking.say(
            "concern",
            phrase=speaking.say("quoted", text=_plain(concern.phrase)),
            share=speaking.share(concern.share),
            usual=speaking.share(concern.usual_share),
        )
        for concern in evidence.concerns[:_CONCERNS]
    ]
    said = [speaking.say("talk", concerns=speaking.listed(concerns))] if concerns else []
    if evidence.hashtags:
        tags = speaking.listed(f"#{_plain(tag)}" for tag in evidence.hashtags[:_HASHTAGS])
        said.append(speaking.say("hashtags", hashtags=tags))
    questions, own = speaking.number(evidence.questions), speaking.number(evidence.own_posts_24h)
    return (*said, speaking.say("questions", questions=questions, own=own))


def _notes(event: CrisisEvent, speaking: speech.Language) -> tuple[str, ...]:
    evidence = event.evidence
    key = "over" if event.type is CrisisEventType.RESOLVED else "since"
    said = [] if event.feedback is None else [_said(event.feedback, speaking)]
    said.append(speaking.say(key, opened=speaking.moment(event.opened_at), peak=speaking.level(event.peak_level)))
    if evidence.planned is not None:
        times = speaking.amount(evidence.planned.expect)
        said.append(speaking.say("planned", name=_plain(evidence.planned.name), times=times))
    if evidence.unobserved_minutes:
        said.append(speaking.say("unobserved", minutes=speaking.number(evidence.unobserved_minutes)))
    return tuple(said)


def _said(feedback: FeedbackHeld, speaking: speech.Language) -> str:
    by = _plain(feedback.by) or speaking.say("by_somebody")
    if feedback.reason is None:
        return speaking.say("said_by", by=by)
    return speaking.say("said_why", by=by, reason=speaking.say(f"because_{feedback.reason}"))


def _reminder(overdue: CommunicationOverdue, speaking: speech.Language) -> Words:
    last = overdue.last_update_at
    silent_on = [speaking.say("quoted", text=_plain(label)) for label in overdue.silent_on[:_CONCERNS]]
    waiting, missing = speaking.number(overdue.waiting), overdue.unobserved_minutes
    return Words(
        title=speaking.say("told_overdue", brand=_plain(overdue.brand), level=speaking.level(overdue.level)),
        numbers=(
            speaking.say("no_update") if last is None else speaking.say("last_update", last=speaking.moment(last)),
            speaking.say(
                "every", minutes=speaking.number(overdue.interval_minutes), due=speaking.moment(overdue.due_at)
            ),
            *((speaking.say("missed", updates=speaking.number(overdue.missed)),) if overdue.missed > 1 else ()),
        ),
        talk=(
            *((speaking.say("silent_on", concerns=speaking.listed(silent_on)),) if silent_on else ()),
            *((speaking.say("waiting", questions=waiting),) if overdue.waiting else ()),
        ),
        notes=(speaking.say("unseen", minutes=speaking.number(missing)),) if missing else (),
    )


def _plain(text: str) -> str:
    """Make one short line of what people wrote: nothing in it may turn or hide the text around it."""
    line = " ".join("".join(c if c.isprintable() or c in _JOINERS else " " for c in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
