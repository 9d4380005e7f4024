"""A crisis in plain sentences, and the small tables under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.report.afteraction import StoryLine, story, summary
from pipeline.report.concerns import ConcernRow, concern_rows
from pipeline.report.episodes import Episode
from pipeline.report.missing import Stretch, total
from pipeline.report.phrasing import Phrasing, plain
from pipeline.report.posts import Post, post
from pipeline.report.series import FEW_MENTIONS
from pipeline.report.standing import Standing, standing
from pipeline.report.steps import EventRow, SignalRow, event_rows, sentence, signal_rows
from schemas.crisis import Concern, CrisisEvent

__all__ = ["CrisisCard", "Reader", "card"]

_MAX_HASHTAGS = 12
_MAX_EXEMPLARS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom the page is written."""

    lang: str
    """Code of the language."""
    phrasing: Phrasing
    """The language."""
    texts: Mapping[str, str] | None
    """Texts of posts by ID, for those who asked for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisCard:
    """One crisis as the page shows it. Texts are plain; the template escapes them."""

    number: int
    brand: str
    level: int
    about: str
    """What people talk about, in one line; may be empty."""
    is_open: bool
    began: str
    lasted: str
    facts: tuple[tuple[str, str], ...]
    summary: tuple[str, ...]
    story: tuple[StoryLine, ...]
    alarm: str
    """What was seen when it was raised to alert."""
    height: str
    """What was seen at its height; empty when that is the same event."""
    notes: tuple[str, ...]
    standing: Standing | None
    """What its situations say; none when there was none."""
    concerns: tuple[ConcernRow, ...]
    hashtags: tuple[str, ...]
    """Those used most; not shown beside rising ones."""
    exemplars: tuple[Post, ...]
    signals: tuple[SignalRow, ...]
    timeline: tuple[EventRow, ...]
    skipped: int
    """Events left out of the timeline's middle."""
    provenance: str


def card(
    number: int,
    episode: Episode,
    brand: str,
    reader: Reader,
    ordinary_ms: int | None,
    missing: Sequence[Stretch] = (),
) -> CrisisCard:
    """Put a crisis into words.

    Parameters
    ----------
    number : int
        Its number in the report.
    episode : Episode
        The crisis.
    brand : str
        What its brand is called.
    reader : Reader
        For whom.
    ordinary_ms : int, optional
        The last minute before the alert that looked ordinary, epoch milliseconds.
    missing : sequence of Stretch
        Where input of the brand was missing since that minute, or since the opening when there is none.
    """
    phrasing, texts = reader.phrasing, reader.texts
    alarm, height = episode.alarm, episode.height
    rows, skipped = event_rows(episode, phrasing)
    concerns = _concerns(episode)
    length = phrasing.duration(episode.last_ms - episode.opened_ms)
    return CrisisCard(
        number=number,
        brand=plain(brand),
        level=int(episode.peak_level),
        about=phrasing.listed(plain(concern.phrase) for concern in concerns[:4]),
        is_open=episode.is_open,
        began=phrasing.at(episode.opened_ms, year=True),
        lasted=phrasing.say("lasted_so_far", length=length) if episode.is_open else length,
        facts=_facts(episode, ordinary_ms, missing, phrasing),
        summary=summary(episode, ordinary_ms, missing, phrasing),
        story=story(episode, missing, phrasing),
        alarm=sentence(alarm, phrasing),
        height="" if height is alarm else sentence(height, phrasing),
        notes=_notes(height, phrasing),
        standing=standing(episode.course, phrasing, reader.lang, texts),
        concerns=concern_rows(concerns, phrasing, texts),
        hashtags=tuple(plain(tag) for tag in height.evidence.hashtags[:_MAX_HASHTAGS]),
        exemplars=_exemplars(episode, phrasing, texts),
        signals=signal_rows(height, phrasing),
        timeline=rows,
        skipped=skipped,
        provenance=_provenance(episode, phrasing),
    )


def _concerns(episode: Episode) -> tuple[Concern, ...]:
    """Return the concerns of now, as long as there are any; else those of its height."""
    latest = episode.course.latest
    if latest is not None and episode.is_open and latest.concerns:
        return latest.concerns
    return episode.height.evidence.concerns


def _exemplars(episode: Episode, phrasing: Phrasing, texts: Mapping[str, str] | None) -> tuple[Post, ...]:
    latest = episode.course.latest
    told = latest.exemplars if latest is not None and episode.is_open and latest.exemplars else None
    chosen = told or episode.height.evidence.exemplars
    return tuple(
        post(each.tweet_id, texts, note=phrasing.plural("reactions", each.engagement))
        for each in chosen[:_MAX_EXEMPLARS]
    )


def _facts(
    episode: Episode, ordinary_ms: int | None, missing: Sequence[Stretch], phrasing: Phrasing
) -> tuple[tuple[str, str], ...]:
    height, words = episode.height.evidence, phrasing.words
    resolved_ms, alarm_ms = episode.resolved_ms, episode.time_ms(episode.alarm)
    lasted = phrasing.duration(episode.last_ms - episode.opened_ms)
    enough = [e.evidence for e in episode.events if e.evidence.observed.volume >= FEW_MENTIONS]
    worst = max((e.negative_share for e in enough), default=height.negative_share)
    number, window = phrasing.whole(height.observed.volume), phrasing.named("over", height.window)
    return (
        (words["fact_opened"], phrasing.at(episode.opened_ms, year=True)),
        (words["fact_alert"], phrasing.at(alarm_ms)),
        (words["fact_resolved"], words["still_open"] if resolved_ms is None else phrasing.at(resolved_ms)),
        (words["fact_lasted"], phrasing.say("lasted_so_far", length=lasted) if episode.is_open else lasted),
        (words["fact_level"], phrasing.level(episode.peak_level)),
        (words["fact_mentions"], phrasing.say("mentions_in", number=number, window=window)),
        (words["fact_authors"], phrasing.whole(height.observed.authors)),
        (words["fact_negative"], phrasing.percent(worst)),
        (words["fact_delay"], words["unknown"] if ordinary_ms is None else phrasing.duration(alarm_ms - ordinary_ms)),
        *(((words["fact_missing"], total(missing, phrasing)),) if missing else ()),
    )


def _notes(event: CrisisEvent, phrasing: Phrasing) -> tuple[str, ...]:
    e = event.evidence
    notes = [phrasing.plural("note_asks", e.questions), phrasing.plural("note_own", e.own_posts_24h)]
    if e.learning < 1:
        notes.append(phrasing.say("note_learning", share=phrasing.percent(e.learning)))
    if e.unobserved_minutes:
        length = phrasing.duration(e.unobserved_minutes * 60_000)
        notes.append(phrasing.say("note_missing", length=length))
    return tuple(notes)


def _provenance(episode: Episode, phrasing: Phrasing) -> str:
    evidence, latest = episode.height.evidence, episode.course.latest
    told = phrasing.say(
        "provenance", id=plain(episode.crisis_id), model=plain(evidence.model), settings=plain(evidence.config_hash)
    )
    if latest is None or not latest.playbook_hash:
        return told
    return phrasing.listed([told, phrasing.say("playbook_hash", hash=plain(latest.playbook_hash))])
