"""A crisis in plain sentences, and the small tables under them."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.episodes import Episode
from pipeline.report.phrasing import LEVEL_WORDS, clock, count, day, duration, moment, number, percent, plural
from pipeline.report.series import FEW_MENTIONS
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.times import from_rfc3339

__all__ = ["CrisisCard", "EventRow", "card", "sentence"]

_MAX_ROWS = 60
"""Events shown of one crisis at most: the first and the last."""
_MAX_CONCERNS = 10
_MAX_HASHTAGS = 12
_MAX_EXEMPLARS = 8

_STEP_WORDS = {
    CrisisEventType.OPENED: "Opened",
    CrisisEventType.ESCALATED: "Escalated",
    CrisisEventType.UPDATED: "Updated",
    CrisisEventType.DEESCALATED: "De-escalated",
    CrisisEventType.RESOLVED: "Resolved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One line of the timeline."""

    when: str
    step: str
    level: int
    window: str
    volume: str
    expected: str
    negative: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisCard:
    """One crisis as the page shows it. Texts are plain; the template escapes them."""

    number: int
    brand: str
    level: int
    about: str
    """What people talk about, in one line; may be empty."""
    facts: tuple[tuple[str, str], ...]
    alarm: str
    """What was seen when it was raised to alert."""
    height: str
    """What was seen at its height; empty when that is the same event."""
    notes: tuple[str, ...]
    concerns: tuple[tuple[str, str, str, str, float], ...]
    """Phrase, mentions, share, usual share, and the share for a bar, 0 to 1."""
    hashtags: tuple[str, ...]
    exemplars: tuple[tuple[str, str], ...]
    """Tweet ID and engagement in words."""
    signals: tuple[tuple[str, str, str, str, str, str], ...]
    """Name, window, observed, expected, surprise, and what it adds to the score."""
    timeline: tuple[EventRow, ...]
    skipped: int
    """Events left out of the timeline's middle."""
    provenance: str


def card(number_in_report: int, episode: Episode, brand: str) -> CrisisCard:
    """Put a crisis into words."""
    alarm, height = episode.alarm, episode.height
    evidence = height.evidence
    shown = episode.events
    if len(shown) > _MAX_ROWS:
        shown = (*shown[: _MAX_ROWS // 2], *shown[-_MAX_ROWS // 2 :])
    return CrisisCard(
        number=number_in_report,
        brand=brand,
        level=int(episode.peak_level),
        about=", ".join(concern.phrase for concern in evidence.concerns[:4]),
        facts=_facts(episode),
        alarm=sentence(alarm),
        height="" if height is alarm else sentence(height),
        notes=_notes(height),
        concerns=tuple(
            (c.phrase, count(c.count), percent(c.share), percent(c.usual_share), min(max(c.share, 0.0), 1.0))
            for c in evidence.concerns[:_MAX_CONCERNS]
        ),
        hashtags=evidence.hashtags[:_MAX_HASHTAGS],
        exemplars=tuple(
            (x.tweet_id, plural(x.engagement, "reaction", "reactions")) for x in evidence.exemplars[:_MAX_EXEMPLARS]
        ),
        signals=tuple(
            (
                s.name.replace("_", " "),
                s.window,
                number(s.observed),
                number(s.expected),
                number(s.surprise),
                number(s.contribution),
            )
            for s in evidence.signals
        ),
        timeline=tuple(_row(event) for event in shown),
        skipped=len(episode.events) - len(shown),
        provenance=f"Crisis {episode.crisis_id}, model {evidence.model}, settings {evidence.config_hash}",
    )


def sentence(event: CrisisEvent) -> str:
    """Say what an event saw, beside what was expected."""
    e = event.evidence
    low, high = e.interval
    start, end = from_rfc3339(event.window_start), from_rfc3339(event.window_end)
    until = clock(end) if day(start) == day(end) else f"{clock(end)} on {day(end)}"
    were = "mention was" if e.observed.volume == 1 else "mentions were"
    return (
        f"Between {clock(start)} and {until} UTC, {count(e.observed.volume)} {were} seen where "
        f"{count(e.expected_volume)} ({count(low)} to {count(high)}) were expected; "
        f"{percent(e.negative_share)} negative, usually {percent(e.negative_share_expected)}."
    )


def _facts(episode: Episode) -> tuple[tuple[str, str], ...]:
    height = episode.height.evidence.observed
    resolved_ms = episode.resolved_ms
    end = moment(resolved_ms) if resolved_ms is not None else "still open"
    lasted = duration((resolved_ms if resolved_ms is not None else episode.last_ms) - episode.opened_ms)
    enough = [e.evidence for e in episode.events if e.evidence.observed.volume >= FEW_MENTIONS]
    worst = max((e.negative_share for e in enough), default=episode.height.evidence.negative_share)
    return (
        ("Opened (UTC)", moment(episode.opened_ms, year=True)),
        ("Raised to alert", moment(episode.time_ms(episode.alarm))),
        ("Resolved", end),
        ("Lasted", lasted if resolved_ms is not None else f"{lasted} so far"),
        ("Highest level", LEVEL_WORDS[episode.peak_level]),
        ("Mentions at its height", f"{count(height.volume)} in {episode.height.evidence.window}"),
        ("Distinct authors then", count(height.authors)),
        ("Highest negative share", percent(worst)),
    )


def _notes(event: CrisisEvent) -> tuple[str, ...]:
    e = event.evidence
    notes = [
        f"{plural(e.questions, 'mention asks', 'mentions ask')} something.",
        f"The brand's own accounts posted {plural(e.own_posts_24h, 'time', 'times')} in the 24 hours before.",
    ]
    if e.learning < 1:
        notes.append(f"The baseline was still being learnt ({percent(e.learning)}).")
    if e.unobserved_minutes:
        missing = duration(e.unobserved_minutes * 60_000)
        notes.append(f"Input is missing for {missing} of the 24 hours before: the numbers may be too low.")
    return tuple(notes)


def _row(event: CrisisEvent) -> EventRow:
    e = event.evidence
    return EventRow(
        when=moment(from_rfc3339(event.time)),
        step=_STEP_WORDS[event.type],
        level=int(event.level),
        window=e.window,
        volume=count(e.observed.volume),
        expected=count(e.expected_volume),
        negative=percent(e.negative_share),
    )
