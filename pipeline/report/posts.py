"""Posts of other people: an ID that leads to them, and their text only when somebody has asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.postid import LONGEST, web_address
from pipeline.report.phrasing import plain

__all__ = ["Post", "post", "posts"]

_LONGEST_TEXT = 400
"""Characters of a text that are shown; few posts are longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as the page shows it."""

    shown: str
    """Its ID."""
    href: str | None
    """Where it is; none when the ID cannot be one."""
    text: str | None
    """What it says, in one line; none when that was not asked for, or is not known."""
    note: str = ""


def posts(ids: Iterable[str], texts: Mapping[str, str] | None) -> tuple[Post, ...]:
    """Return posts in the order of their IDs here. An ID comes from data: only one that is sound becomes a link."""
    return tuple(post(tweet_id, texts) for tweet_id in ids)


def post(tweet_id: str, texts: Mapping[str, str] | None, note: str = "") -> Post:
    """Return one post."""
    text = texts.get(tweet_id) if texts is not None else None
    return Post(
        shown=plain(tweet_id, LONGEST),
        href=web_address(tweet_id),
        text=plain(text, _LONGEST_TEXT) if text else None,
        note=note,
    )
