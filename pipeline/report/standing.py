"""How things stand in a crisis: everything that the page shows of its last situation, and of its course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.report.concerns import HashtagLine, hashtag_lines
from pipeline.report.course import Course
from pipeline.report.duties import PracticeGroup, duty_counts, practice_groups
from pipeline.report.figures import FigureRow, changes, figure_rows, languages, totals
from pipeline.report.phrasing import Phrasing
from pipeline.report.questions import GroupLine, group_lines, question_sentences
from pipeline.report.recovery import recovery_sentences
from pipeline.report.talk import TalkChart, draw_talk
from pipeline.report.voice import VoiceChart, VoiceLine, draw_voice, voice_lines, voice_sentences
from schemas.situation import Situation
from schemas.times import from_rfc3339

__all__ = ["Standing", "standing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the last situation says, in words. Texts are plain; the template escapes them."""

    as_of: str
    figures: tuple[FigureRow, ...]
    has_before: bool
    totals: str
    languages: str
    changes: str
    talk: TalkChart | None
    hashtags: tuple[HashtagLine, ...]
    questions: tuple[str, ...]
    groups: tuple[GroupLine, ...]
    voice: tuple[str, ...]
    voice_chart: VoiceChart | None
    voice_lines: tuple[VoiceLine, ...]
    voice_skipped: int
    duties: str
    practices: tuple[PracticeGroup, ...]
    recovery: tuple[str, ...]
    missing: str
    """For how long of the day before input was missing; empty when it was not."""


def standing(course: Course, phrasing: Phrasing, lang: str, texts: Mapping[str, str] | None) -> Standing | None:
    """Put the last situation of a crisis into words; none when there was none.

    When it is over, what people talked about is that of its height: at the end they talk of something else again.
    """
    latest = course.latest
    if latest is None:
        return None
    height = course.height if latest.final else None
    lines, skipped = voice_lines(course, phrasing, texts)
    return Standing(
        as_of=phrasing.say("as_of", moment=phrasing.at(from_rfc3339(latest.time))),
        figures=figure_rows(latest, phrasing),
        has_before=any(figure.before is not None for figure in latest.figures),
        totals=totals(latest, phrasing),
        languages=languages(latest, phrasing),
        changes=changes(latest, phrasing),
        talk=draw_talk(course, phrasing),
        hashtags=hashtag_lines((height or latest).hashtags, phrasing, texts),
        questions=question_sentences(latest, phrasing),
        groups=group_lines(latest, phrasing, texts),
        voice=voice_sentences(course, latest, phrasing),
        voice_chart=draw_voice(course, phrasing),
        voice_lines=lines,
        voice_skipped=skipped,
        duties=duty_counts(latest.duties, phrasing),
        practices=practice_groups(latest.duties, phrasing, lang),
        recovery=recovery_sentences(latest, phrasing),
        missing=_missing(latest, phrasing),
    )


def _missing(latest: Situation, phrasing: Phrasing) -> str:
    if not latest.unobserved_minutes:
        return ""
    return phrasing.say("note_missing", length=phrasing.duration(latest.unobserved_minutes * 60_000))
