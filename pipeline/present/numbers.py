"""The numbers of the last hour beside what is usual, in words."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.present.model import BrandPresent, CrisisNow
from pipeline.present.speech import Line, Mood, Speech
from schemas.situation import Situation
from schemas.window import WindowClosed

__all__ = ["numbers", "whole"]

_WINDOW = "1h"


def numbers(present: BrandPresent, window: WindowClosed, crisis: CrisisNow | None, speech: Speech) -> Iterator[Line]:
    """Yield a line for each number of the newest window, and of the situation where it knows what is usual."""
    language, hour, seen = speech.language, window.windows[_WINDOW], window.detection
    high = hour.volume > seen.high_1h
    yield Line(
        speech.say("mentions"),
        speech.say(
            "mentions_said",
            now=language.number(hour.volume),
            usual=language.amount(seen.expected_1h),
            low=language.amount(seen.low_1h),
            high=language.amount(seen.high_1h),
        ),
        Mood.BAD if high else Mood.PLAIN,
    )
    if hour.volume:
        share, usual = hour.negative / hour.volume, seen.negative_share_expected
        said = speech.say(
            "negative_said",
            share=language.share(share),
            count=language.number(hour.negative),
            usual=language.share(usual),
        )
        yield Line(speech.say("negative"), said)
    else:
        yield Line(speech.say("negative"), speech.say("negative_none"))
    yield Line(speech.say("authors"), speech.say("authors_said", number=language.number(hour.authors)))
    yield Line(speech.say("questions"), speech.say("questions_said", number=language.number(hour.questions)))
    # Archives without follower counts have a reach of 0, which is none that anybody could use.
    if hour.reach:
        yield Line(speech.say("reach"), speech.say("reach_said", number=language.number(hour.reach)))
    if hour.languages:
        yield Line(speech.say("languages"), _languages(hour.languages, speech))
    if crisis is not None and crisis.situation is not None:
        yield whole(crisis.situation, speech)
    if seen.learning < 1.0:
        yield Line("", speech.say("learning", share=language.share(seen.learning)), Mood.QUIET)
    if seen.planned:
        yield Line("", speech.say("planned", name=seen.planned), Mood.QUIET)
    yield from _missing(present, speech)


def _missing(present: BrandPresent, speech: Speech) -> Iterator[Line]:
    """Say of how much of the hour, and of the day, input is missing."""
    hour, day = present.missing_minutes(_WINDOW), present.missing_minutes("24h")
    if hour:
        yield Line("", speech.many("unobserved_hour", hour), Mood.BAD)
    if day > hour:
        yield Line("", speech.say("unobserved", minutes=speech.language.number(day)), Mood.QUIET)


def whole(situation: Situation, speech: Speech) -> Line:
    """Return what there has been since the crisis was opened."""
    counts = {name: speech.language.number(getattr(situation, name)) for name in ("mentions", "negative", "reach")}
    return Line(speech.say("whole"), speech.say("whole_said" if situation.reach else "whole_no_reach", **counts))


def _languages(counts: dict[str, int], speech: Speech) -> str:
    total = sum(counts.values()) or 1
    named = {"und": speech.say("language_und"), "other": speech.say("language_other")}
    return ", ".join(
        f"{named.get(code, code)} {speech.language.share(count / total)}" for code, count in counts.items()
    )
