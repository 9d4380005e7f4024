"""What of a bench is published in the project: coefficients, the capacity page's figures, the README's.

Blocks between two marks are written by ``python -m tests.bench.capacity --write``, never by hand; a test compares them
with the coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.capacity import Demand, Measured, Sizing, as_text, size, working
from pipeline.capacity.words import amount, bytes_in_words, per_cent
from tests.bench.evaluation.tables import markdown
from tests.bench.report.growth import checks_table, coefficients_table
from tests.bench.report.speed import asked_table, cost_table
from tests.bench.results import Results

__all__ = ["CAPACITY_PAGE", "COEFFICIENTS", "README", "capacity_block", "publish", "readme_block", "replaced"]

_ROOT = Path(__file__).parents[2]
README = _ROOT / "README.md"
CAPACITY_PAGE = _ROOT / "deploy" / "capacity.md"
COEFFICIENTS = _ROOT / "pipeline" / "capacity" / "measured.json"

_BEGIN = "<!-- Written by `python -m tests.bench.capacity --write` from a bench; not by hand. -->\n"
_END = "<!-- Written until here. -->\n"
_AVERAGE, _RECORD = 6_000.0, 143_199.0
"""Tweets a second on X: the average that it has told, and the record of August 2013."""
_FILTERED, _ALL = 1.0, 0.02
"""Shares that speak of a brand: of a filtered stream, and of everything, for a watchlist of large brands."""
_BRANDS = 50


def publish(results: Results) -> list[Path]:
    """Write coefficients and blocks; return the files.

    Raises
    ------
    SystemExit
        The results have no coefficients.
    """
    if results.capacity is None:
        raise SystemExit("the results have no coefficients: run `make bench`, or `python -m tests.bench.capacity`")
    results.capacity.save(COEFFICIENTS)
    for path, block in ((CAPACITY_PAGE, capacity_block(results.capacity)), (README, readme_block(results))):
        path.write_text(replaced(path.read_text(encoding="utf-8"), block), encoding="utf-8")
    return [COEFFICIENTS, CAPACITY_PAGE, README]


def replaced(page: str, block: str) -> str:
    r"""Return a page with another block between its marks.

    >>> page = "a\n" + _BEGIN + "old\n" + _END + "b\n"
    >>> replaced(page, "new\n") == page.replace("old", "new")
    True
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"the page has no block between {_BEGIN!r} and {_END!r}")
    return before + begin + block + end + after


# -- the capacity page -----------------------------------------------------------------------------------


def capacity_block(measured: Measured) -> str:
    """Return the figures of the capacity page, Markdown."""
    return "\n".join(_capacity(measured))


def _capacity(measured: Measured) -> Iterator[str]:
    cost = measured.coefficients
    yield f"Measured on {measured.machine}, {measured.when}.\n"
    yield "### What a record costs\n"
    table = coefficients_table(cost)
    yield markdown(table.columns, table.rows)
    yield "### The check\n"
    if measured.checks:
        table = checks_table(measured.checks)
        yield "Runs that the coefficients were not fitted on:\n"
        yield markdown(table.columns, table.rows)
    else:
        yield "Not measured.\n"
    yield "### X's average, and its record\n"
    demands = [
        (f"{amount(rate)}/s, {per_cent(matching)} matching", _demand(rate, matching))
        for rate in (_AVERAGE, _RECORD)
        for matching in (_FILTERED, _ALL)
    ]
    sizings = [size(demand, cost) for _, demand in demands]
    rows = [(what, *told) for what, told in _compared(sizings).items()]
    yield markdown(("", *(name for name, _ in demands)), rows)
    for name, demand in (demands[0], demands[2]):
        yield f"The working for {name}:\n"
        yield f"```\n{as_text(working(demand, cost, size(demand, cost)))}\n```\n"


def _demand(rate: float, matching: float) -> Demand:
    """Return one of the examples; disk is for X's average, also where the record is to be kept up with."""
    return Demand(tweets_per_second=_AVERAGE, peak_per_second=rate, brands=_BRANDS, matching=matching)


def _compared(sizings: list[Sizing]) -> dict[str, list[str]]:
    return {
        "workers of enrich": [f"{each.enrich.workers:,}" for each in sizings],
        "workers of track": [f"{each.track.workers:,}" for each in sizings],
        "partitions of tweets.raw": [f"{each.enrich.partitions:,}" for each in sizings],
        "partitions of vigie.mentions": [f"{each.track.partitions:,}" for each in sizings],
        "cores of enrich and track": [f"{amount(each.enrich.cores + each.track.cores)}" for each in sizings],
        "MiB of a worker of enrich": [amount(each.enrich.mib) for each in sizings],
        "MiB of a worker of track": [amount(each.track.mib) for each in sizings],
        "cores of the brokers": [amount(each.broker_cores) for each in sizings],
        "into the brokers": [f"{bytes_in_words(each.broker_in)}/s" for each in sizings],
        "out to Vigie": [f"{bytes_in_words(each.broker_out)}/s" for each in sizings],
        "between brokers": [f"{bytes_in_words(each.broker_copies)}/s" for each in sizings],
        "disk": [bytes_in_words(each.disk) for each in sizings],
    }


# -- the README ------------------------------------------------------------------------------------------


def readme_block(results: Results) -> str:
    """Return the figures of the README's section on speed, Markdown."""
    return "\n".join(_readme(results))


def _readme(results: Results) -> Iterator[str]:
    assert results.capacity is not None
    yield f"Measured on {results.capacity.machine}, {results.capacity.when}.\n"
    found = [each for each in results.throughput if each.runs]
    if found:
        table = cost_table(found)
        # Who, what it costs, and how many that is.
        yield markdown(table.columns[:3], [row[:3] for row in table.rows])
    table = asked_table(results.targets)
    if table.rows:
        yield markdown(table.columns, table.rows)
