"""Charts as numbers that the template draws: bars with ranges, lines over a logarithmic axis, histograms.

ADR: across, everything is in per cent of the width and every text has its own size, so that one drawing serves a desk,
a phone and paper without a script, and no letter shrinks with it. Downwards everything is in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.bench.evaluation.tables import written

__all__ = ["Bar", "Bars", "Columns", "Lines", "Piece", "Value", "bars", "columns", "digits_of", "lines"]

_USED = 92.0
"""Per cent of the width that the largest value takes."""
_LEFT, _RIGHT = 17.0, 96.0
"""Between these lies a plot; left of it stand the figures of its axis."""
_HEIGHT = 150
"""Of the plot of a line chart or a histogram, pixels."""
_REST_COLOUR = 5
"""Number of the colour, grey, of what no part is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a bar."""

    part: str
    """Its name; empty where the bar has no parts."""
    colour: int
    """Number of its colour, below 0 where the bar has no parts."""
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row: its name, its figure in words, its stretches, and its range."""

    name: str
    label: str
    own: bool
    pieces: tuple[Piece, ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Horizontal bars over one linear axis from 0."""

    told: str
    """For those who cannot see it."""
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[Bar, ...]
    parts: tuple[tuple[int, str], ...] = ()
    """What the colours of divided bars stand for, with their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a bar shows: a middle with its range, and what the middle is made of."""

    name: str
    middle: float
    low: float
    high: float
    own: bool
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series: its name, its dots with their figures, the stretches between them."""

    name: str
    colour: int
    dots: tuple[tuple[float, float, str], ...]
    stretches: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Series over a logarithmic axis; upwards linear from 0."""

    told: str
    height: int
    grid: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    series: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A histogram: columns of equal width, whatever their bounds."""

    told: str
    height: int
    columns: tuple[tuple[float, float, float, float], ...]
    """(left, width, top, height)."""
    ticks: tuple[tuple[float, str], ...]


def digits_of(number: float) -> int:
    """Return how many decimals a figure deserves.

    >>> [digits_of(number) for number in (3.14, 31.4, 314)]
    [1, 1, 0]
    """
    return 1 if abs(number) < 100 else 0


def _steps(top: float) -> list[float]:
    """Return round marks from 0 to at most the top.

    >>> _steps(93)
    [0, 20, 40, 60, 80]
    """
    rough = top / 4
    size = 10 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = min((size * each for each in (1, 2, 5, 10)), key=lambda each: abs(each - rough))
    return [step * at for at in range(int(top / step) + 1)]


def bars(values: Sequence[Value], what: str, unit: str, *, rest: str = "the rest") -> Bars:
    """Draw values; parts that do not add up to the middle are filled up with ``rest``.

    >>> drawn = bars([Value(name="a", middle=4, low=3, high=5, own=True, parts={"read": 3})], "CPU", " µs")
    >>> drawn.parts, [piece.width for piece in drawn.rows[0].pieces], drawn.told
    (((0, 'read'), (5, 'the rest')), [55.2, 18.4], 'CPU, µs: a 4.0, between 3.0 and 5.0')
    """
    top = max(value.high for value in values)
    names = list(dict.fromkeys(part for value in values for part in value.parts))
    if names:
        names.append(rest)

    def place(number: float) -> float:
        return round(number / top * _USED, 2)

    rows = []
    for value in values:
        made_of = dict(value.parts)
        if made_of:
            made_of[rest] = max(value.middle - sum(made_of.values()), 0.0)
        pieces, x = [], 0.0
        for part, amount in (made_of or {"": value.middle}).items():
            # A bar without parts has the colour that no part has.
            colour = -1 if not part else _REST_COLOUR if part == rest else names.index(part) % _REST_COLOUR
            pieces.append(Piece(part=part, colour=colour, x=place(x), width=place(amount)))
            x += amount
        spread = "" if value.low == value.high else f" ({_figure(value.low)} to {_figure(value.high)})"
        rows.append(
            Bar(
                name=value.name,
                label=f"{_figure(value.middle)}{unit}{spread}",
                own=value.own,
                pieces=tuple(pieces),
                low=place(value.low),
                high=place(value.high),
            )
        )
    told = "; ".join(
        f"{value.name} {_figure(value.middle)}, between {_figure(value.low)} and {_figure(value.high)}"
        for value in values
    )
    ticks = tuple((place(step), f"{step:,g}") for step in _steps(top))
    colours = {piece.part: piece.colour for row in rows for piece in row.pieces if piece.part}
    parts = tuple((colours[name], name) for name in names)
    return Bars(told=f"{what},{unit}: {told}", ticks=ticks, rows=tuple(rows), parts=parts)


def lines(series: Mapping[str, Sequence[tuple[float, float]]], what: str, along: str) -> Lines:
    """Draw series of (x, y), x above 0.

    >>> drawn = lines({"enrich": [(10, 40.0), (1000, 50.0)]}, "CPU", "brands")
    >>> drawn.told, [text for _, text in drawn.ticks]
    ('CPU by brands: enrich 40.0 at 10, 50.0 at 1,000', ['10', '1,000'])
    """
    xs = sorted({x for points in series.values() for x, _ in points})
    top = max(y for points in series.values() for _, y in points) * 1.12 or 1.0
    span = math.log(xs[-1] / xs[0]) if len(xs) > 1 else 1.0

    def across(x: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * (math.log(x / xs[0]) / span if len(xs) > 1 else 0.5), 2)

    def down(y: float) -> float:
        return round(_HEIGHT * (1 - y / top), 1)

    drawn = []
    for colour, (name, points) in enumerate(series.items()):
        dots = tuple((across(x), down(y), f"{_figure(y)}") for x, y in sorted(points))
        stretches = tuple((*before[:2], *after[:2]) for before, after in pairwise(dots))
        drawn.append(Line(name=name, colour=colour, dots=dots, stretches=stretches))
    told = "; ".join(
        f"{name} " + ", ".join(f"{_figure(y)} at {x:,g}" for x, y in sorted(points)) for name, points in series.items()
    )
    return Lines(
        told=f"{what} by {along}: {told}",
        height=_HEIGHT,
        grid=tuple((down(step), f"{step:,g}") for step in _steps(top)),
        ticks=tuple((across(x), f"{x:,g}") for x in xs),
        series=tuple(drawn),
    )


def columns(histogram: Sequence[tuple[float, int]], what: str, unit: str) -> Columns:
    """Draw pairs of (upper bound, samples), empty ones at both ends left out.

    >>> drawn = columns([(1, 0), (2, 3), (5, 1), (10, 0)], "delays", "ms")
    >>> drawn.told, len(drawn.columns)
    ('delays: up to 2 ms 3, up to 5 ms 1', 2)
    """
    filled = [at for at, (_, samples) in enumerate(histogram) if samples]
    shown = histogram[filled[0] : filled[-1] + 1] if filled else []
    width = round(_RIGHT / max(len(shown), 1), 3)
    most = max((samples for _, samples in shown), default=1)
    every = math.ceil(len(shown) / 6)
    drawn, ticks = [], []
    for at, (bound, samples) in enumerate(shown):
        left, height = at * width, round(samples / most * (_HEIGHT - 20), 1)
        drawn.append((round(left, 2), round(width * 0.92, 2), round(_HEIGHT - height, 1), height))
        # The bound stands under the right edge of its column.
        if (len(shown) - 1 - at) % every == 0:
            ticks.append((round(left + width, 2), _bound(bound)))
    told = ", ".join(f"up to {_bound(bound)} {unit} {samples:,}" for bound, samples in shown if samples)
    return Columns(told=f"{what}: {told}", height=_HEIGHT, columns=tuple(drawn), ticks=tuple(ticks))


def _bound(bound: float) -> str:
    return f"{bound:,.0f}" if math.isfinite(bound) and bound >= 10 else f"{bound:g}"


def _figure(number: float) -> str:
    return written(number, digits_of(number))
