"""Who wrote the posts that a state names, and when: for finding what must be forgotten, and for nothing else.

ADR: stored as numbers of fixed length, in the order of the posts' IDs, which the state has anyway. Hashes are random,
so compressing them would cost time and save nothing. When they were posted is known to the minute, because an account
that is gone today may be back tomorrow: what it posts then is not meant by what was said before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from struct import pack, unpack
from typing import NamedTuple

__all__ = ["MOST_AUTHOR", "NOBODY", "Poster", "dump_authors", "dump_posters", "load_posters"]

MOST_AUTHOR = (1 << 53) - 1
"""Hashes have 53 bits (`pipeline.authorhash`)."""
_AUTHOR_BYTES = 8
_BYTES = 12


class Poster(NamedTuple):
    """Who wrote a post, and when."""

    author: int
    """Keyed hash of the author; 0 when not known."""
    minute: int
    """Epoch minute of the post; 0 when not known."""


NOBODY = Poster(0, 0)
"""Of posts that were named by a version that did not know."""


def dump_authors(authors: Collection[int]) -> bytes:
    """Write the authors of posts that are all of one minute."""
    return pack(f">{len(authors)}Q", *authors)


def dump_posters(posters: Collection[Poster]) -> bytes:
    """Write who wrote posts and when."""
    return dump_authors([each.author for each in posters]) + pack(
        f">{len(posters)}I", *[each.minute for each in posters]
    )


def load_posters(
    data: bytes, opened: Sequence[Iterable[str]], named: Iterable[str]
) -> tuple[list[dict[str, int]], dict[str, Poster]]:
    """Read the authors of posts named in several open minutes, then who wrote others, the IDs of each in order.

    Where it was written of other posts, as an older version or a damaged part leaves it, nobody is known.

    >>> load_posters(dump_authors([7]) + dump_posters([Poster(8, 9)]), ["a"], "b")
    ([{'a': 7}], {'b': Poster(author=8, minute=9)})
    >>> load_posters(b"", ["a"], "b")
    ([{'a': 0}], {'b': Poster(author=0, minute=0)})
    """
    places, rest = [list(ids) for ids in opened], list(named)
    first = sum(map(len, places))
    if len(data) != _AUTHOR_BYTES * first + _BYTES * len(rest):
        return [dict.fromkeys(ids, 0) for ids in places], dict.fromkeys(rest, NOBODY)
    numbers = unpack(f">{first + len(rest)}Q{len(rest)}I", data)
    authors = iter(min(author, MOST_AUTHOR) for author in numbers[: first + len(rest)])
    found = [{tweet_id: next(authors) for tweet_id in ids} for ids in places]
    return found, dict(zip(rest, map(Poster, authors, numbers[first + len(rest) :]), strict=True))
