"""One page about speed, in the look of the other reports, that loads nothing."""

from __future__ import annotations

from pathlib import Path

from tests.bench import evaluation
from tests.bench.evaluation.page import page_template
from tests.bench.evaluation.tables import Table
from tests.bench.report import growth, speed
from tests.bench.report.charts import Bars, Columns, Lines
from tests.bench.report.section import NOT_MEASURED, Block, Caption, Section
from tests.bench.results import DEFAULT_PATH, Options, Results

__all__ = ["build_page", "run", "write"]

_HERE, _EVALUATION = Path(__file__).parent, Path(evaluation.__file__).parent
_HOW = (
    "Every contender reads the same log of tweets from a real Apache Kafka, and each tweet is new to the process that "
    "reads it. Counted is the CPU time of the contender's own processes, from the first counted record to the last, "
    "after a stretch that warms them up. Contenders take turns, so that a busy machine hits all of them alike; trust "
    "CPU more than the clock, and ratios more than either."
)


def run(options: Options, results: Results) -> None:
    """Draw the page as the last part of a bench."""
    del options  # those of the results count
    write(results, DEFAULT_PATH.with_name("report.html"))


def write(results: Results, out: Path) -> None:
    """Write the page to a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(build_page(results), encoding="utf-8")


def build_page(results: Results) -> str:
    """Return the page, whatever is missing."""
    sections = (
        speed.asked(results),
        speed.cost(results),
        speed.per_second(results),
        speed.ratios(results),
        speed.leaves_out(results),
        speed.delay(results),
        growth.scaling(results),
        growth.footprint(results),
        growth.capacity(results),
        _where(results),
    )
    template = page_template(_HERE, _EVALUATION)
    return template.render(lead=speed.lead(results), sections=sections, problems=results.problems, kind_of=_kind_of)


def _kind_of(block: Block) -> str:
    match block:
        case Caption(heading=True):
            return "heading"
        case Caption():
            return "text"
        case Table():
            return "table"
        case Bars():
            return "bars"
        case Lines():
            return "lines"
        case Columns():
            return "columns"


def _where(results: Results) -> Section:
    blocks: list[Block] = [Caption(text=_HOW), _options(results)]
    machine = results.machine
    if machine is None:
        blocks.append(Caption(text=f"The machine: {NOT_MEASURED}."))
    else:
        busy = NOT_MEASURED if machine.busy is None else f"{machine.busy:.2f} cores"
        rows = (
            ("processor", machine.cpu),
            ("cores", str(machine.cores)),
            ("memory", f"{machine.memory_gib:.1f} GiB"),
            ("system", machine.os),
            ("Python", machine.python),
            ("Kafka", machine.kafka or NOT_MEASURED),
            ("Java", machine.java or NOT_MEASURED),
            ("which process on which core", machine.pinned),
            ("kept busy by others meanwhile", busy),
            ("when", machine.when),
        )
        blocks.append(Table(caption="The machine", columns=("What", "Value"), rows=rows, numeric=False))
    return Section(anchor="where", title="Where and how it was measured", blocks=tuple(blocks))


def _options(results: Results) -> Table:
    chosen = results.options
    rows = (
        ("how thorough", "quick: fewer runs, records and points" if chosen.quick else "full"),
        ("runs of each contender", str(chosen.runs)),
        ("tweets counted in a run", f"{chosen.records:,}"),
        ("tweets before those", f"{chosen.warm_up:,}"),
        ("brands", f"{chosen.brands:,}"),
        ("tweets in a second of event time", f"{chosen.tweets_per_second:,}"),
    )
    return Table(caption="The load", columns=("What", "Value"), rows=rows, numeric=False)
