"""What happened, summed up: how soon it was seen, how bad it was, what was said, and what people made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.report.episodes import Episode
from pipeline.report.missing import Stretch, said, total, within
from pipeline.report.phrasing import Phrasing, plain
from schemas.crisis import CrisisEventType
from schemas.feedback import FeedbackHeld, FeedbackVerdict
from schemas.times import from_rfc3339
from schemas.window import Level

__all__ = ["StoryLine", "story", "summary"]

_MAX_STORY = 30
_MAX_LOST = 5
_STEPS = {CrisisEventType.ESCALATED: "story_level", CrisisEventType.DEESCALATED: "story_fell"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """Something that happened."""

    when: str
    told: str


def summary(
    episode: Episode, ordinary_ms: int | None, missing: Sequence[Stretch], phrasing: Phrasing
) -> tuple[str, ...]:
    """Return the sentences to read first.

    Parameters
    ----------
    episode : Episode
        The crisis, over or not.
    ordinary_ms : int, optional
        The last minute before the alert that looked ordinary, epoch milliseconds.
    missing : sequence of Stretch
        Where input was missing since that minute.
    phrasing : Phrasing
        The language of its words.
    """
    return (
        _life(episode, phrasing),
        _delay(episode, ordinary_ms, phrasing),
        *_unseen(episode, missing, phrasing),
        *_said(episode, phrasing),
        *_feedback(episode, phrasing),
    )


def _life(episode: Episode, phrasing: Phrasing) -> str:
    opened = phrasing.at(episode.opened_ms, year=True)
    alert = phrasing.at(episode.time_ms(episode.alarm))
    worst = phrasing.level(episode.peak_level)
    if episode.resolved_ms is None:
        now = phrasing.level(episode.events[-1].level)
        return phrasing.say("now_story", opened=opened, alert=alert, level=now, worst=worst)
    return phrasing.say(
        "after_story",
        opened=opened,
        alert=alert,
        peak=phrasing.at(episode.time_ms(episode.height)),
        level=worst,
        lasted=phrasing.duration(episode.resolved_ms - episode.opened_ms),
    )


def _delay(episode: Episode, ordinary_ms: int | None, phrasing: Phrasing) -> str:
    if ordinary_ms is None:
        return phrasing.words["delay_unknown"]
    length = phrasing.duration(episode.time_ms(episode.alarm) - ordinary_ms)
    return phrasing.say("delay_told", length=length, moment=phrasing.at(ordinary_ms))


def _unseen(episode: Episode, missing: Sequence[Stretch], phrasing: Phrasing) -> Iterator[str]:
    """Say where input was missing: before the alert it may have begun, and later nobody knows what was said."""
    alarm_ms = episode.time_ms(episode.alarm)
    before = within(missing, 0, alarm_ms)
    if before:
        yield phrasing.say("missing_before", length=total(before, phrasing), times=said(before, phrasing))
    since = [each for each in missing if each.end_ms > alarm_ms]
    if since:
        yield phrasing.say("missing_since", length=total(since, phrasing), times=said(since, phrasing))


def first_update_ms(episode: Episode) -> int | None:
    """Return when the brand first said something for all since the opening; none when no such post is known."""
    told = (from_rfc3339(post.time) for post in episode.course.posts if not post.reply)
    return next((time_ms for time_ms in told if time_ms >= episode.opened_ms), None)


def _said(episode: Episode, phrasing: Phrasing) -> Iterator[str]:
    latest = episode.course.latest
    if latest is None:
        return
    first_ms = first_update_ms(episode)
    if first_ms is None:
        yield phrasing.words["spoke_not"]
    else:
        after_ms = first_ms - episode.time_ms(episode.alarm)
        yield phrasing.say("spoke_first" if after_ms >= 0 else "spoke_before", length=phrasing.duration(abs(after_ms)))
    if latest.voice.updates or latest.voice.answers:
        updates = phrasing.plural("updates_told", latest.voice.updates)
        answers = phrasing.plural("answers_told", latest.voice.answers)
        yield phrasing.say("gave", updates=updates, answers=answers)
    missed = episode.course.missed
    yield phrasing.plural("missed", missed) if missed else phrasing.words["missed_not"]


def _feedback(episode: Episode, phrasing: Phrasing) -> tuple[str, ...]:
    """Say what people made of it, each verdict once, in order of time."""
    held = _held(episode)
    if held:
        return tuple(f"{_verdict(each, phrasing)}." for each in held[:_MAX_STORY])
    latest = episode.course.latest
    if latest is not None and latest.dismissed:
        return (phrasing.words["feedback_dismissed"],)
    if latest is not None and latest.confirmed:
        return (phrasing.words["feedback_confirmed"],)
    return (phrasing.words["feedback_none"],)


def _held(episode: Episode) -> list[FeedbackHeld]:
    """Return each feedback once, in order of its first step."""
    return list({event.feedback.id: event.feedback for event in episode.events if event.feedback is not None}.values())


def _verdict(held: FeedbackHeld, phrasing: Phrasing) -> str:
    told = phrasing.words[f"feedback_{held.verdict}"]
    if held.by:
        told = phrasing.say("feedback_by", verdict=told, by=plain(held.by))
    if held.reason is not None:
        told = phrasing.say("feedback_because", verdict=told, reason=phrasing.words[f"reason_{held.reason}"])
    if held.verdict is FeedbackVerdict.SNOOZE and held.until is not None:
        told = phrasing.say("feedback_until", verdict=told, moment=phrasing.time(held.until))
    return told


def story(episode: Episode, missing: Sequence[Stretch], phrasing: Phrasing) -> tuple[StoryLine, ...]:
    """Return what happened in order of time.

    The steps, the peak, the first update, overdue moments, feedback, and where input was missing.
    """
    told = sorted((*_happened(episode, phrasing), *_lost(missing, phrasing)), key=lambda each: each[:2])
    if len(told) > _MAX_STORY:
        told = told[: _MAX_STORY // 2] + told[-_MAX_STORY // 2 :]
    return tuple(StoryLine(when=phrasing.at(time_ms), told=text) for time_ms, _, text in told)


def _lost(missing: Sequence[Stretch], phrasing: Phrasing) -> Iterator[tuple[int, int, str]]:
    """Yield when input stopped and came again, of the longest times."""
    longest = sorted(missing, key=lambda each: (-each.length_ms, each.start_ms))[:_MAX_LOST]
    for each in longest:
        yield each.start_ms, 7, phrasing.say("story_missing", length=phrasing.duration(each.length_ms))


def _happened(episode: Episode, phrasing: Phrasing) -> Iterator[tuple[int, int, str]]:
    """Yield time, rank among what happened in the same minute, and words."""
    yield episode.opened_ms, 0, phrasing.words["story_opened"]
    alarm_ms = episode.time_ms(episode.alarm)
    if episode.is_crisis:
        yield alarm_ms, 1, phrasing.words["story_alert"]
    for event in episode.events:
        time_ms = episode.time_ms(event)
        if event.type in _STEPS and (event is not episode.alarm or event.level > Level.ALERT):
            yield time_ms, 2, phrasing.say(_STEPS[event.type], level=phrasing.level(event.level))
    for held in _held(episode):
        yield from_rfc3339(held.held_from), 4, _verdict(held, phrasing)
    yield episode.time_ms(episode.height), 3, _peak(episode, phrasing)
    first_ms = first_update_ms(episode)
    if first_ms is not None:
        yield first_ms, 5, phrasing.words["story_update"]
    for overdue in episode.course.overdue[:5]:
        yield from_rfc3339(overdue.time), 6, phrasing.words["story_overdue"]
    if episode.resolved_ms is not None:
        yield episode.resolved_ms, 9, phrasing.words["story_resolved"]


def _peak(episode: Episode, phrasing: Phrasing) -> str:
    evidence = episode.height.evidence
    return phrasing.say(
        "story_peak",
        mentions=phrasing.plural("mentions", evidence.observed.volume),
        window=phrasing.named("over", evidence.window),
        negative=phrasing.percent(evidence.negative_share),
    )
