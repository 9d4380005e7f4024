"""What the brand itself said, when, and when it should have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.report.course import Course
from pipeline.report.phrasing import Phrasing
from pipeline.report.posts import Post, post
from pipeline.report.questions import age
from pipeline.report.scale import Tick, TimeScale
from schemas.situation import CommunicationOverdue, OwnPost, Situation
from schemas.times import from_rfc3339

__all__ = ["VoiceChart", "VoiceLine", "VoiceMark", "draw_voice", "voice_lines", "voice_sentences"]

_MAX_LINES = 40
"""Lines of the list at most: the first and the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceLine:
    """A post, or a moment at which one was missing."""

    kind: str
    """`update`, `answer`, `off` or `missed`."""
    when: str
    told: str
    post: Post | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMark:
    """The same in the chart; ``at`` in per cent."""

    kind: str
    at: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceChart:
    """Everything the template draws."""

    description: str
    alert_at: float
    time_ticks: tuple[Tick, ...]
    marks: tuple[VoiceMark, ...]


def voice_sentences(course: Course, situation: Situation, phrasing: Phrasing) -> tuple[str, ...]:
    """Say how much the brand said, when it is due to say more, about what, and in which tone."""
    voice = situation.voice
    told = [_amount(situation, phrasing), *_times(situation, phrasing)]
    speaks_to, silent_on = _about(course) if situation.final else (voice.speaks_to, voice.silent_on)
    if speaks_to:
        told.append(phrasing.say("voice_speaks", labels=phrasing.quoted(speaks_to[:6])))
    if silent_on:
        told.append(phrasing.say("voice_silent", labels=phrasing.quoted(silent_on[:6])))
    if voice.off_tone:
        told.append(phrasing.plural("off_tone", voice.off_tone))
    elif voice.updates or voice.answers:
        told.append(phrasing.words["voice_calm"])
    return tuple(told)


def _about(course: Course) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return to which concerns of a crisis that is over the brand spoke, and to which of its height it never did."""
    spoken = dict.fromkeys(label for each in course.situations for label in each.voice.speaks_to)
    height = course.height
    silent = () if height is None else height.voice.silent_on
    return tuple(spoken), tuple(label for label in silent if label not in spoken)


def _amount(situation: Situation, phrasing: Phrasing) -> str:
    voice = situation.voice
    if not voice.updates and not voice.answers:
        return phrasing.words["voice_none"]
    updates = phrasing.plural("updates_told", voice.updates)
    return phrasing.say("voice_told", updates=updates, answers=phrasing.plural("answers_told", voice.answers))


def _times(situation: Situation, phrasing: Phrasing) -> list[str]:
    voice = situation.voice
    if voice.last_update_at is None:
        told = [phrasing.words["voice_last_none"]]
    else:
        ago = age(situation, voice.last_update_at, phrasing)
        told = [phrasing.say("voice_last", moment=phrasing.time(voice.last_update_at), ago=ago)]
    if situation.final:
        return told
    due = phrasing.time(voice.update_due_at)
    if voice.update_due_at is None:
        told.append(phrasing.words["voice_no_due"])
    elif voice.overdue:
        late = age(situation, voice.update_due_at, phrasing)
        told.append(phrasing.say("voice_overdue", moment=due, late=late))
    else:
        told.append(phrasing.say("voice_due", moment=due))
    return told


def voice_lines(
    course: Course, phrasing: Phrasing, texts: Mapping[str, str] | None
) -> tuple[tuple[VoiceLine, ...], int]:
    """Return posts and overdue moments, oldest first, and how many in the middle are left out."""
    lines = [(p.time, p.tweet_id, _post_line(p, phrasing, texts)) for p in course.posts]
    lines += [(o.time, o.id, _overdue_line(o, phrasing)) for o in course.overdue]
    ordered = [line for _, _, line in sorted(lines, key=lambda each: (from_rfc3339(each[0]), each[1]))]
    skipped = max(0, len(ordered) - _MAX_LINES)
    if skipped:
        ordered = ordered[: _MAX_LINES // 2] + ordered[-_MAX_LINES // 2 :]
    return tuple(ordered), skipped


def _kind(own: OwnPost) -> str:
    return "off" if own.tone else "answer" if own.reply else "update"


def _post_line(own: OwnPost, phrasing: Phrasing, texts: Mapping[str, str] | None) -> VoiceLine:
    told = [phrasing.words["voice_answer" if own.reply else "voice_update"]]
    if own.speaks_to:
        told.append(phrasing.say("voice_about", labels=phrasing.quoted(own.speaks_to[:4])))
    if own.tone:
        reasons = [phrasing.words[f"tone_{issue}"] for issue in own.tone]
        told.append(phrasing.say("voice_off", reasons=phrasing.listed(reasons)))
    return VoiceLine(
        kind=_kind(own),
        when=phrasing.time(own.time),
        told=", ".join(told),
        post=post(own.tweet_id, texts),
    )


def _overdue_line(overdue: CommunicationOverdue, phrasing: Phrasing) -> VoiceLine:
    interval = phrasing.duration(overdue.interval_minutes * 60_000)
    told = phrasing.say("voice_missed", due=phrasing.time(overdue.due_at), interval=interval)
    return VoiceLine(kind="missed", when=phrasing.time(overdue.time), told=told, post=None)


def draw_voice(course: Course, phrasing: Phrasing) -> VoiceChart | None:
    """Lay out updates and overdue moments against the alert; none when there is nothing to draw."""
    latest = course.latest
    if latest is None or not (course.posts or course.overdue):
        return None
    scale = TimeScale(from_rfc3339(latest.opened_at), from_rfc3339(latest.time))
    times = {(p.time, p.tweet_id): _kind(p) for p in course.posts if _kind(p) != "answer"}
    times |= {(o.time, o.id): "missed" for o in course.overdue}
    marks = [
        VoiceMark(
            kind=kind,
            at=scale.percent(from_rfc3339(time)),
            title=f"{phrasing.words[f'voice_key_{kind}']}, {phrasing.time(time)} UTC",
        )
        for (time, _), kind in sorted(times.items())
    ]
    description = phrasing.say(
        "voice_desc",
        first=phrasing.time(latest.opened_at),
        last=phrasing.time(latest.time),
        updates=phrasing.plural("updates_told", latest.voice.updates),
        off=phrasing.whole(latest.voice.off_tone),
        missed=phrasing.whole(course.missed),
    )
    return VoiceChart(
        description=description,
        alert_at=scale.percent(from_rfc3339(latest.alerted_at)),
        time_ticks=scale.ticks(phrasing),
        marks=tuple(marks),
    )
