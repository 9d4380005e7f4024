"""What a tweet costs, how many a second that is, beside whom, and how soon a crisis shows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence

from tests.bench.evaluation.page import plural
from tests.bench.evaluation.tables import NONE, Table, written
from tests.bench.report.charts import Bars, Value, bars, columns, digits_of
from tests.bench.report.section import NOT_MEASURED, Block, Caption, Section
from tests.bench.results import Delay, Results, Run, Target, Throughput, median, spread

__all__ = ["asked", "asked_table", "cost", "cost_table", "delay", "lead", "leaves_out", "per_second", "ratios"]

_REST = "everything else"
"""Transport, Faust, the client of Kafka: what no part of the work is."""


def lead(results: Results) -> str:
    """Return what the whole page says, in a few sentences."""
    measured = [target for target in results.targets if target.met is not None]
    parts = []
    for name, what in (("vigie enrich", "reads {} tweets"), ("vigie chain", "reads and tracks {} tweets")):
        if found := results.contender(name):
            parts.append(f"One core {what.format(f'{found.per_core_second():,.0f}')} a second.")
    if results.targets:
        met = sum(bool(target.met) for target in measured)
        parts.append(f"{met} of {plural(len(measured), 'target', 'targets')} met.")
    if missing := len(results.targets) - len(measured):
        parts.append(f"{plural(missing, 'target was', 'targets were')} not measured.")
    if results.problems:
        parts.append(f"{plural(len(results.problems), 'part', 'parts')} could not be measured.")
    return " ".join(parts) or "Nothing was measured."


def asked(results: Results) -> Section:
    """Return every target: what was asked, what was measured, and whether that is enough."""
    blocks = (asked_table(results.targets),) if results.targets else ()
    return Section(anchor="asked", title="Asked and measured", blocks=blocks)


def asked_table(targets: Iterable[Target]) -> Table:
    """Return a row for each target."""
    rows = tuple((target.name, _limit(target), _measured(target), _verdict(target)) for target in targets)
    return Table(caption="What was asked for", columns=("What", "Asked", "Measured", "Met"), rows=rows, numeric=False)


def _limit(target: Target) -> str:
    limits = (("at least", target.at_least), ("at most", target.at_most))
    return ", ".join(f"{word} {_amount(limit)} {target.unit}".strip() for word, limit in limits if limit is not None)


def _measured(target: Target) -> str:
    return NOT_MEASURED if target.measured is None else f"{_amount(target.measured)} {target.unit}".strip()


def _verdict(target: Target) -> str:
    return {None: NOT_MEASURED, True: "✓ met", False: "✗ MISSED"}[target.met]


def _amount(number: float) -> str:
    """Return a number with three digits that count.

    >>> [_amount(number) for number in (0.7, 1.234, 66, 20_000)]
    ['0.7', '1.23', '66', '20,000']
    """
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


# -- cost ------------------------------------------------------------------------------------------------


def cost(results: Results) -> Section:
    """Return the CPU of a tweet by contender, and what Vigie's is made of."""
    found = [each for each in results.throughput if each.runs]
    blocks: list[Block] = []
    if found:
        blocks.append(
            Caption(
                text="CPU time of a contender's own processes for each tweet, in microseconds; less is better. A bar "
                "is the median of the runs; the thin line across its end reaches from the best run to the worst."
            )
        )
        blocks.append(bars([_cost(each) for each in found], "CPU a tweet", " µs"))
        divided = [each for each in found if _parts(each.runs)]
        if divided:
            blocks.append(Caption(text="Of what that is made", heading=True))
            values = [_cost(each, divided=True) for each in divided]
            blocks.append(bars(values, "CPU a tweet by part", " µs", rest=_REST))
            blocks.append(_parts_table(divided))
        blocks.append(cost_table(found))
    return Section(anchor="cost", title="What does a tweet cost?", blocks=tuple(blocks))


def told_name(each: Throughput) -> str:
    """Return a contender's name; that of track says that its records are mentions."""
    return f"{each.contender} (a mention)" if each.contender == "vigie track" else each.contender


def _own(each: Throughput) -> bool:
    return each.contender.startswith("vigie")


def _cost(each: Throughput, *, divided: bool = False) -> Value:
    low, high = spread(each.runs, lambda run: run.cpu_us)
    return Value(
        name=told_name(each),
        middle=each.cpu_us(),
        low=low,
        high=high,
        own=_own(each),
        parts=_parts(each.runs) if divided else {},
    )


def _parts(runs: Sequence[Run]) -> dict[str, float]:
    names = dict.fromkeys(part for run in runs for part in run.parts)
    return {name: statistics.median(run.parts.get(name, 0.0) for run in runs) for name in names}


def _parts_table(found: Iterable[Throughput]) -> Table:
    rows = []
    for each in found:
        parts = _parts(each.runs)
        rest = each.cpu_us() - sum(parts.values())
        rows += [(f"{told_name(each)}: {part}", _us(amount)) for part, amount in (parts | {_REST: rest}).items()]
    return Table(caption="Medians by part", columns=("Contender and part", "CPU µs a tweet"), rows=tuple(rows))


def cost_table(found: Sequence[Throughput]) -> Table:
    """Return a row for each contender."""
    return Table(
        caption="Medians; the range over the runs in brackets",
        columns=(
            "Contender",
            "CPU µs a tweet",
            "a core, tweets/s",
            "by the clock, tweets/s",
            "Kafka's CPU µs",
            "memory, MiB",
            "runs",
            "tweets a run",
        ),
        rows=tuple(
            (
                told_name(each),
                _ranged(each.runs, lambda run: run.cpu_us),
                written(each.per_core_second(), 0),
                _ranged(each.runs, lambda run: run.per_second),
                _if_known(each.runs, lambda run: run.broker_cpu_us),
                _if_known(each.runs, lambda run: run.rss_mib),
                str(len(each.runs)),
                f"{each.runs[0].records:,}",
            )
            for each in found
        ),
    )


def _us(number: float) -> str:
    return written(number, digits_of(number))


def _ranged(runs: Sequence[Run], of: Callable[[Run], float]) -> str:
    (low, high), middle = spread(runs, of), median(runs, of)
    return _us(middle) if low == high else f"{_us(middle)} ({_us(low)} to {_us(high)})"


def _if_known(runs: Sequence[Run], of: Callable[[Run], float | None]) -> str:
    known = [value for run in runs if (value := of(run)) is not None]
    return _us(statistics.median(known)) if known else NOT_MEASURED


def per_second(results: Results) -> Section:
    """Return what one core does a second, by contender."""
    found = [each for each in results.throughput if each.runs]
    if not found:
        return Section(anchor="rate", title="How many a second?", blocks=())
    values = []
    for each in found:
        low, high = spread(each.runs, lambda run: 1e6 / run.cpu_us)
        values.append(
            Value(name=told_name(each), middle=each.per_core_second(), low=low, high=high, own=_own(each), parts={})
        )
    drawn: Bars = bars(values, "Tweets on one core", "/s")
    text = (
        "What one core carries when it does nothing else: a second, divided by the CPU of a tweet; more is better. "
        "The table above has what the clock said on this machine, where the broker and others work beside."
    )
    return Section(anchor="rate", title="How many a second?", blocks=(Caption(text=text), drawn))


def ratios(results: Results) -> Section:
    """Return who is how many times as fast as whom, with what was asked where it was."""
    targets = {target.name: target for target in results.targets}
    rows = []
    for name, measured in results.ratios.items():
        target = targets.get(name)
        asked_for = (_limit(target), _verdict(target)) if target else (NONE, NONE)
        rows.append((name, f"{measured:.2f} times", *asked_for))
    table = Table(
        caption="Tweets for each second of CPU, of the first divided by the second, in the same runs",
        columns=("Who and beside whom", "Measured", "Asked", "Met"),
        rows=tuple(rows),
        numeric=False,
    )
    return Section(anchor="ratios", title="How much faster than others?", blocks=(table,) if rows else ())


def leaves_out(results: Results) -> Section:
    """Return the version of each contender, and what it does less, or differently."""
    told = (each for each in results.throughput if each.note or each.version)
    rows = tuple((each.contender, each.version or NONE, each.note or NONE) for each in told)
    table = Table(
        caption="Parsing, matching and reading are the same functions everywhere",
        columns=("Contender", "Version", "What is different"),
        rows=rows,
        numeric=False,
    )
    return Section(anchor="less", title="What does each of them leave out?", blocks=(table,) if rows else ())


# -- delay -----------------------------------------------------------------------------------------------


def delay(results: Results) -> Section:
    """Return the delays at each load."""
    blocks: list[Block] = []
    if results.delays:
        text = (
            "From the append of the tweet that completes a crisis to the crisis event in its topic, the configured "
            "lateness taken off. Load is the share of one core's capacity that arrives."
        )
        blocks += [Caption(text=text), _delay_table(results.delays)]
        blocks += [Caption(text=f"At {_per_cent(each.load)}: {each.note}.") for each in results.delays if each.note]
        for each in results.delays:
            if any(samples for _, samples in each.histogram):
                name = f"At {_per_cent(each.load)} load, {each.tweets_per_second:,.0f} tweets/s"
                blocks.append(Caption(text=f"{name}: how many took how many milliseconds", heading=True))
                blocks.append(columns(each.histogram, name, "ms"))
    return Section(anchor="delay", title="How soon does a crisis show?", blocks=tuple(blocks))


def _delay_table(delays: Sequence[Delay]) -> Table:
    rows = tuple(
        (
            _per_cent(each.load),
            f"{each.tweets_per_second:,.0f}",
            *(_ms(value) for value in (each.p50_ms, each.p99_ms, each.max_ms)),
            f"{each.samples:,}",
        )
        for each in delays
    )
    return Table(
        caption="Delay beyond the lateness, ms",
        columns=("Load", "tweets/s", "half within", "99 % within", "longest", "crises"),
        rows=rows,
    )


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _ms(value: float) -> str:
    return written(value, 0) if math.isfinite(value) else NOT_MEASURED
