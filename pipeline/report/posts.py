"""Posts of other people: an ID that leads to them, and their text only when somebody has asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.report.phrasing import plain

__all__ = ["Post", "post", "posts"]

_LONGEST_ID = 20
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
    """Return posts in the order of their IDs here. An ID comes from data: only digits become a link."""
    return tuple(post(tweet_id, texts) for tweet_id in ids)


def post(tweet_id: str, texts: Mapping[str, str] | None, note: str = "") -> Post:
    """Return one post."""
    is_id = tweet_id.isascii() and tweet_id.isdigit() and len(tweet_id) <= _LONGEST_ID
    text = texts.get(tweet_id) if texts is not None else None
    return Post(
        shown=plain(tweet_id, 2 * _LONGEST_ID),
        href=f"https://x.com/i/web/status/{tweet_id}" if is_id else None,
        text=plain(text, _LONGEST_TEXT) if text else None,
        note=note,
    )
