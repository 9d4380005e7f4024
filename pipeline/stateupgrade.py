"""What versions 1 to 5 of a state were, brought up to version 6. No count is lost on the way.

Version 1 was one JSON object, its bytes in base64: rings as bit planes, sketches as text, and the life cycle
inside of the detector's state. A changelog holds such values until every brand has been written once more, so
this reading must stay as it is for as long as somebody may come from that version.

Version 2 did not tell the negative retweets from the others: of the last day's retweets as many are taken to be
negative as of all mentions.

Version 3 knew nothing of questions and own posts, and had the phrases of the minutes that were open in another form:
those phrases are let go, of two minutes as a rule, so the concerns miss them and nothing else does.

Version 4 did not know who wrote the posts that it named: of these, an account's are not found when they must go. They
are named until others take their place, which in a crisis may be at its end, and for a week in which nobody speaks of
the brand at most.

Version 5 did not count the authors of negative posts by themselves: until a window holds nothing from before, all of
its authors may be such, so on the first day an account that posts much is left out less than later.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.authors import SlidingAuthors, load_registers
from pipeline.compression import deflate, inflate
from pipeline.openbucket import OpenBucket
from pipeline.rings import COLUMNS, MINUTES, QUARTERS, REACH_BITS, dump_rows, load_rows
from pipeline.statecore import pack_core, unpack_core
from pipeline.windows import cut, languages_of, sections_of_windows
from schemas.codec import encode

__all__ = ["StoredState", "from_version_2", "from_version_3", "from_version_4", "from_version_5", "sections"]

StoredState: TypeAlias = Sequence[bytes] | Mapping[str, Any]
"""The sections of a state; or of version 1, the object."""

_OLD_COLUMNS = ("volume", "negative", "neutral", "retweets", "questions", "reach", "copies", "own_posts", "unobserved")
_RETOLD = COLUMNS.index("negative_retweets")
_RETOLD_FROM = ("volume", "negative", "retweets")
_BRAND_SECTIONS = 3
_BUCKET_PARTS = 7
_KEPT_PARTS = 5
_WITHOUT_NEGATIVE_AUTHORS = 8
_AUTHORS = 2
_MOST_SKETCHES = 1 << 16
_PART_LENGTHS = Struct(">HHI")
"""Bytes of the languages, of the minutes, of the quarter hours."""
_MOST_ROWS = 1 << 20
"""Far more than the quarter hours of a brand take."""
_DETECTOR = 1
_CALM = [[0, [0, 0, 0, 0], [0, 0, 0, 0]], [0, 0, 0, 0, 0, 0, 0], [0, 0]]
_MOST_BITS = 63


def sections(state: StoredState) -> Sequence[bytes]:
    """Return the sections of a clock's or of a brand's state (`BrandState.encode`), whichever version wrote it.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError, ValueError
        It is no state of version 1.
    """
    if not isinstance(state, Mapping):
        return state
    if "clock" in state:
        return [encode({"clock": state["clock"], "gaps": state["gaps"]}), b""]
    alarm, detector = _divided(state["detector"])
    core = {name: state[name] for name in ("applied", "level", "at")} | {"alarm": alarm, "open": state["open"]}
    windows = b"" if state["at"][0] is None else _windows(state["windows"])
    return from_version_5(from_version_4(from_version_3([encode(core), deflate(encode(detector)), windows])))


def _divided(detector: Any) -> tuple[list[Any], Any]:
    """Divide the state of a detector into what became the brand's own, and the rest."""
    if not isinstance(detector, dict) or detector.get("version") != _DETECTOR or "life" not in detector:
        return _CALM, detector
    hour, mentions, table = detector["phrases"]
    rest = {name: detector[name] for name in ("model", "verdict", "exemplars")}
    rest["phrases"] = [hour, mentions, list(table), list(zip(*table.values(), strict=True))]
    return [detector["levels"], detector["life"], [0, 0]], {"version": 2, **rest}


def _windows(state: Sequence[Any]) -> bytes:
    languages, minutes, quarters, authors, texts = state
    columns = len(_OLD_COLUMNS) + len(languages)
    rings = [_rows(_unpacked(ring, count, columns)) for ring, count in ((minutes, MINUTES), (quarters, QUARTERS))]
    heights, _, codes = authors.partition(".")
    return _put_together(
        languages,
        dump_rows(rings[0]),
        deflate(dump_rows(rings[1])),
        deflate(bytes(load_registers(heights)) + b64decode(codes, validate=True) + b64decode(texts, validate=True)),
    )


def _unpacked(packed: Sequence[Any], count: int, columns: int) -> NDArray[np.int64]:
    """Return rows from [bits of each column's largest number, all columns' bit planes, highest first]."""
    widths, text = packed
    if len(widths) != columns or not all(type(width) is int and 0 <= width <= _MOST_BITS for width in widths):
        raise ValueError("not the widths of the columns")
    bits = np.unpackbits(np.frombuffer(b64decode(text, validate=True), np.uint8))
    planes = bits[: sum(widths) * count].reshape(sum(widths), count).astype(np.int64)
    rows = np.zeros((count, columns), np.int64)
    first = 0
    for column, width in enumerate(widths):
        shifts = np.arange(width - 1, -1, -1, dtype=np.int64)[:, None]
        rows[:, column] = (planes[first : first + width] << shifts).sum(axis=0)
        first += width
    return rows


def _rows(old: NDArray[np.int64]) -> NDArray[np.int32]:
    """Divide the reach into its two columns."""
    rows = np.zeros((len(old), len(COLUMNS) + old.shape[1] - len(_OLD_COLUMNS)), np.int64)
    for at, name in enumerate(_OLD_COLUMNS):
        if name != "reach":
            rows[:, COLUMNS.index(name)] = old[:, at]
    rows[:, len(COLUMNS) :] = old[:, len(_OLD_COLUMNS) :]
    rows[:, _RETOLD] = _retold(rows)
    reach = old[:, _OLD_COLUMNS.index("reach")]
    rows[:, COLUMNS.index("reach_low")] = reach & (1 << REACH_BITS) - 1
    rows[:, COLUMNS.index("reach_high")] = reach >> REACH_BITS
    if rows.max() >= 1 << 31 or not np.array_equal(rows[:, 0], rows[:, len(COLUMNS) :].sum(axis=1)):
        raise ValueError("counts that nobody can have counted")
    return rows.astype(np.int32)


def from_version_2(stored: list[bytes]) -> list[bytes]:
    """Return the sections of a clock's or of a brand's state of version 2 as version 3 has them.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError, ValueError
        They are no state of version 2.
    """
    if len(stored) != _BRAND_SECTIONS or not stored[-1]:
        return stored
    core, detector, windows = stored
    languages, minutes, quarters, sketches = _taken_apart(windows)
    rows = [
        _with_retold(data, count, len(languages))
        for data, count in ((minutes, MINUTES), (inflate(quarters, _MOST_ROWS), QUARTERS))
    ]
    return [core, detector, _put_together(languages, rows[0], deflate(rows[1]), sketches)]


def _put_together(languages: Sequence[str], minutes: bytes, quarters: bytes, sketches: bytes) -> bytes:
    """Put windows together as versions 2 to 5 had them: the minutes as they are, the sketches compressed."""
    codes = " ".join(languages).encode("ascii")
    return b"".join((_PART_LENGTHS.pack(len(codes), len(minutes), len(quarters)), codes, minutes, quarters, sketches))


def _taken_apart(windows: bytes) -> tuple[list[str], bytes, bytes, bytes]:
    if len(windows) < _PART_LENGTHS.size:
        raise ValueError("cut")
    named, counted, packed = _PART_LENGTHS.unpack_from(windows)
    codes, minutes, quarters, sketches = cut(windows[_PART_LENGTHS.size :], named, counted, packed)
    return languages_of(codes), minutes, quarters, sketches


def from_version_3(stored: list[bytes]) -> list[bytes]:
    """Return the sections of a clock's or of a brand's state of version 3 as version 4 has them.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError, ValueError
        They are no state of version 3.
    """
    if len(stored) != _BRAND_SECTIONS:
        return stored
    section, detector, windows = stored
    core = unpack_core(section)
    if core["open"]:
        opened = [[minute, _without_talk(bucket)] for minute, bucket in core["open"]]
        section = pack_core({**core, "open": opened})
    return [section, detector, windows, b""]


def _without_talk(bucket: Sequence[Any]) -> list[Any]:
    """Return an open bucket with its counts, sketches and exemplars only."""
    if len(bucket) != _BUCKET_PARTS:
        raise ValueError("not a bucket of version 3")
    return [*bucket[:_KEPT_PARTS], *OpenBucket().state()[_KEPT_PARTS:_WITHOUT_NEGATIVE_AUTHORS]]


def from_version_4(stored: list[bytes]) -> list[bytes]:
    """Return the sections of a clock's or of a brand's state of version 4 as version 5 has them: with one more."""
    return [*stored, b""]


def from_version_5(stored: list[bytes]) -> list[bytes]:
    """Return the sections of a clock's or of a brand's state of version 5 as version 6 has them.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError, ValueError
        They are no state of version 5.
    """
    if len(stored) <= _BRAND_SECTIONS:
        return stored
    section, detector, windows, *others = stored
    core = unpack_core(section)
    if core["open"]:
        section = pack_core({**core, "open": [[minute, _with_angry(bucket)] for minute, bucket in core["open"]]})
    return [section, detector, _with_angry_authors(windows) if windows else windows, *others]


def _with_angry(bucket: Sequence[Any]) -> list[Any]:
    """Return an open bucket all of whose authors may have written something negative."""
    if len(bucket) != _WITHOUT_NEGATIVE_AUTHORS:
        raise ValueError("not a bucket of version 5")
    return [*bucket, bucket[_AUTHORS]]


def _with_angry_authors(windows: bytes) -> bytes:
    languages, minutes, quarters, packed = _taken_apart(windows)
    sketches = inflate(packed, _MOST_SKETCHES)
    authors = sketches[: SlidingAuthors.length(sketches)]
    return sections_of_windows(languages, minutes, quarters, authors + sketches)


def _with_retold(data: bytes, count: int, languages: int) -> bytes:
    old = load_rows(data, count, _RETOLD + languages, fixed=_RETOLD)
    rows = np.insert(old, _RETOLD, 0, axis=1)
    rows[:, _RETOLD] = _retold(rows)
    return dump_rows(rows)


def _retold(rows: NDArray[np.signedinteger[Any]]) -> NDArray[np.int64]:
    """Return the negative retweets that there may have been: retweets were as negative as all mentions."""
    volume, negative, retweets = (rows[:, COLUMNS.index(name)].astype(np.int64) for name in _RETOLD_FROM)
    shared: NDArray[np.int64] = np.minimum(negative * retweets // np.maximum(volume, 1), retweets)
    return shared
