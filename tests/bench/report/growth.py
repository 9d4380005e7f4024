"""What more brands, names, partitions and workers cost; memory, start and recovery; the formula with its check."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from pipeline.capacity import Check, Coefficients
from pipeline.capacity.words import amount
from tests.bench.evaluation.tables import NONE, Table, written
from tests.bench.report.charts import Lines, digits_of, lines
from tests.bench.report.section import NOT_MEASURED, Block, Caption, Section
from tests.bench.results import Axis, Footprint, Point, Results, Scaling

__all__ = ["capacity", "checks_table", "coefficients_table", "footprint", "scaling"]

_AXES: dict[Axis, str] = {
    "brands": "More brands",
    "aliases": "More names of each brand",
    "partitions": "More partitions",
    "workers": "More workers",
}


def scaling(results: Results) -> Section:
    """Return each axis, measured or not."""
    blocks: list[Block] = []
    if results.scaling:
        for axis, title in _AXES.items():
            blocks.append(Caption(text=title, heading=True))
            found = results.axis(axis)
            blocks += _axis(found) if found and found.points else [Caption(text=f"{NOT_MEASURED.capitalize()}.")]
    return Section(anchor="scaling", title="What does more of everything cost?", blocks=tuple(blocks))


def _axis(found: Scaling) -> list[Block]:
    blocks: list[Block] = [Caption(text=found.note)] if found.note else []
    if found.axis == "workers":
        drawn = _lines({"tweets/s of all workers": _of(found, "per_second")}, "Tweets a second", found.axis)
    else:
        series = {"enrich, µs a tweet": _of(found, "enrich_us"), "track, µs a mention": _of(found, "track_us")}
        drawn = _lines(series, "CPU, µs", found.axis)
    return [*blocks, *drawn, _axis_table(found)]


def _of(found: Scaling, name: str) -> list[tuple[float, float]]:
    values = ((point.x, getattr(point, name)) for point in found.points)
    return [(x, value) for x, value in values if value is not None]


def _lines(series: dict[str, list[tuple[float, float]]], what: str, along: str) -> list[Lines]:
    known = {name: points for name, points in series.items() if points}
    return [lines(known, what, along)] if known else []


def _axis_table(found: Scaling) -> Table:
    columns = (found.axis.capitalize(), "enrich, µs a tweet", "track, µs a mention", "tweets/s", "memory, MiB", "note")
    rows = [_point(point) for point in found.points]
    filled = [at for at in range(len(columns)) if any(row[at] != NONE for row in rows)]
    return Table(
        caption=f"{_AXES[found.axis]}: medians of the runs",
        columns=tuple(columns[at] for at in filled),
        rows=tuple(tuple(row[at] for at in filled) for row in rows),
    )


def _point(point: Point) -> tuple[str, ...]:
    figures = (point.enrich_us, point.track_us, point.per_second, point.rss_mib)
    return (f"{point.x:,}", *(_known(figure) for figure in figures), point.note or NONE)


def _known(figure: float | None) -> str:
    return NONE if figure is None else written(figure, digits_of(figure))


# -- memory, start, recovery -----------------------------------------------------------------------------


def footprint(results: Results) -> Section:
    """Return what a worker needs apart from CPU."""
    found = results.footprint
    blocks = () if found is None else (*_memory(found), *_startup(found), *_recovery(found))
    return Section(anchor="footprint", title="How much memory, and how soon is it there?", blocks=blocks)


def _memory(found: Footprint) -> Iterable[Block]:
    yield Caption(text="Memory", heading=True)
    if not found.memory:
        yield Caption(text=f"{NOT_MEASURED.capitalize()}.")
        return
    series: dict[str, list[tuple[float, float]]] = {}
    for each in found.memory:
        series.setdefault(f"{each.role}, {each.aliases} names a brand", []).append((each.brands, each.rss_mib))
    yield from _lines(series, "Resident MiB", "brands")
    yield Table(
        caption="Resident in steady state, MiB",
        columns=("Role", "brands", "names a brand", "MiB"),
        rows=tuple((m.role, f"{m.brands:,}", f"{m.aliases:,}", _known(m.rss_mib)) for m in found.memory),
    )


def _startup(found: Footprint) -> Iterable[Block]:
    yield Caption(text="Start", heading=True)
    if not found.startup_s:
        yield Caption(text=f"{NOT_MEASURED.capitalize()}.")
        return
    yield Table(
        caption="From the start of the process to its first record, seconds",
        columns=("Role", "median", "best", "worst", "runs"),
        rows=tuple(
            (role, *(written(each, 2) for each in (statistics.median(s), min(s), max(s))), str(len(s)))
            for role, s in found.startup_s.items()
            if s
        ),
    )


def _recovery(found: Footprint) -> Iterable[Block]:
    yield Caption(text="Recovery", heading=True)
    if not found.recovery:
        yield Caption(text=f"{NOT_MEASURED.capitalize()}.")
        return
    points = [(float(each.brands), each.seconds) for each in found.recovery if each.brands]
    yield from _lines({"track, seconds": points}, "Seconds to the first new record", "brands")
    yield Table(
        caption="From the start of a track worker to its first new record, on a changelog that is there",
        columns=("Brands", "changelog, MiB", "seconds"),
        rows=tuple((f"{r.brands:,}", _known(r.changelog_mib), written(r.seconds, 1)) for r in found.recovery),
    )


# -- the formula -----------------------------------------------------------------------------------------


def capacity(results: Results) -> Section:
    """Return the coefficients, and the formula held against runs that it has not seen."""
    found = results.capacity
    blocks: list[Block] = []
    if found:
        text = (
            "Enrich takes tweets/s × a tweet + mentions/s × a mention. Track takes mentions/s × a mention + states/s "
            "× a state + brand-minutes/s × a brand-minute. deploy/capacity.md explains it, vigie capacity computes it."
        )
        blocks += [Caption(text=text), coefficients_table(found.coefficients)]
        if found.checks:
            blocks += [Caption(text="The check", heading=True), checks_table(found.checks)]
    return Section(anchor="capacity", title="How large must it be?", blocks=tuple(blocks))


_UNITS = {"us": ("CPU", "µs"), "bytes": ("size", "bytes"), "mib": ("memory", "MiB"), "s": ("time", "s")}


def coefficients_table(cost: Coefficients) -> Table:
    """Return what records cost, by name."""
    rows = []
    for name in cost.__struct_fields__:
        kind = next(word for word in name.split("_") if word in _UNITS)
        words = " ".join(word for word in name.split("_") if word != kind)
        what, unit = _UNITS[kind]
        rows.append((f"{what}: {words}", f"{amount(getattr(cost, name))} {unit}"))
    return Table(caption="What is measured", columns=("Coefficient", "Value"), rows=tuple(rows))


def checks_table(checks: Iterable[Check]) -> Table:
    """Return predicted beside measured, with the error."""
    return Table(
        caption="Runs that the coefficients were not fitted on",
        columns=("Run", "unit", "predicted", "measured", "error"),
        rows=tuple(
            (
                each.what,
                each.unit,
                amount(each.predicted),
                amount(each.measured),
                f"{100 * each.error:+.0f} %".replace("-", "\N{MINUS SIGN}"),
            )
            for each in checks
        ),
    )
