"""Which series somebody means."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches

__all__ = ["CorpusError", "find"]

_BRAND = "twitter_volume_"


class CorpusError(Exception):
    """Something is wrong with a corpus, or with what was asked of it."""


def find(names: Sequence[str], labelled: Collection[str]) -> tuple[str, ...]:
    """Return the labelled series that are named, each once, in order of name.

    Parameters
    ----------
    names : sequence of str
        Upper and lower case are one.
    labelled : collection of str
        Series as the labels have them, ``category/file.csv``.

    Raises
    ------
    CorpusError
        A name is that of none, or of several in different categories.

    >>> labelled = ["realTweets/Twitter_volume_KO.csv", "realTraffic/speed_7578.csv"]
    >>> find(["ko", "realTraffic"], labelled)
    ('realTraffic/speed_7578.csv', 'realTweets/Twitter_volume_KO.csv')
    """
    meant: dict[str, list[str]] = {}
    for series in labelled:
        for spelling in _spellings(series):
            meant.setdefault(spelling, []).append(series)
    categories = {series.split("/")[0].lower() for series in labelled}
    chosen: set[str] = set()
    for name in names:
        key = _key(name)
        found = meant.get(key, [])
        if not found:
            raise CorpusError(f"no series {name!r} in the labels; {_near(key, meant)}")
        if len(found) > 1 and key not in categories:
            raise CorpusError(f"{name!r} may be any of {', '.join(sorted(found))}: name its path")
        chosen.update(found)
    return tuple(sorted(chosen))


def _key(name: str) -> str:
    return name.strip().lstrip("$#@").strip("/").lower().removeprefix("data/").removesuffix(".csv")


def _spellings(series: str) -> Iterator[str]:
    path = _key(series)
    category, _, stem = path.rpartition("/")
    yield path
    yield stem
    if category:
        yield category
    if stem.startswith(_BRAND):
        yield stem.removeprefix(_BRAND)


def _near(key: str, meant: dict[str, list[str]]) -> str:
    near = get_close_matches(key, meant, n=5, cutoff=0.5)
    series = sorted({series for spelling in near for series in meant[spelling][:3]})
    return f"nearest are {', '.join(series[:5])}" if series else f"they know {', '.join(sorted(meant)[:5])}, ..."
