"""What people talk about: the concerns now, and the hashtags that rise with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.report.phrasing import Phrasing, plain
from pipeline.report.posts import Post, posts
from schemas.crisis import Concern
from schemas.situation import RisingHashtag

__all__ = ["ConcernRow", "HashtagLine", "concern_rows", "hashtag_lines"]

_MAX_CONCERNS = 10
_MAX_HASHTAGS = 5
_TREND_SIGNS = {"rising": "↗", "steady": "→", "falling": "↘"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcernRow:
    """A line of the table of concerns."""

    phrase: str
    also: str
    """Its other phrases, in words; may be empty."""
    count: str
    share: str
    usual: str
    trend: str
    bar: float
    """The share as the width of a bar, per cent."""
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashtagLine:
    """A rising hashtag, and what to make of it."""

    told: str
    proposal: str
    proposed: bool
    posts: tuple[Post, ...]


def concern_rows(
    concerns: Sequence[Concern], phrasing: Phrasing, texts: Mapping[str, str] | None
) -> tuple[ConcernRow, ...]:
    """Return the table of concerns, strongest first."""
    return tuple(
        ConcernRow(
            phrase=plain(concern.phrase),
            also=_also(concern, phrasing),
            count=phrasing.whole(concern.count),
            share=phrasing.percent(concern.share),
            usual=phrasing.percent(concern.usual_share),
            trend=f"{_TREND_SIGNS[concern.trend]} {phrasing.words[f'trend_{concern.trend}']}",
            bar=round(100 * min(max(concern.share, 0.0), 1.0), 1),
            posts=posts(concern.exemplars[:3], texts),
        )
        for concern in concerns[:_MAX_CONCERNS]
    )


def _also(concern: Concern, phrasing: Phrasing) -> str:
    others = [plain(phrase) for phrase in concern.phrases[:6] if phrase != concern.phrase]
    return phrasing.say("also", phrases=phrasing.listed(others)) if others else ""


def hashtag_lines(
    hashtags: Sequence[RisingHashtag], phrasing: Phrasing, texts: Mapping[str, str] | None
) -> tuple[HashtagLine, ...]:
    """Return the rising hashtags; those that are not on the watchlist are proposed as additions to it."""
    return tuple(
        HashtagLine(
            told=phrasing.say_of(
                "rising_told",
                rising.count,
                tag=plain(rising.hashtag),
                share=phrasing.percent(rising.share),
                usual=phrasing.percent(rising.usual_share),
            ),
            proposal=phrasing.words["rising_on" if rising.on_watchlist else "rising_add"],
            proposed=not rising.on_watchlist,
            posts=posts(rising.exemplars[:3], texts),
        )
        for rising in hashtags[:_MAX_HASHTAGS]
    )
