"""One page about all evaluations, in the report's look, that loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from tests.bench.evaluation.goals import Goal, vigie_on_nab
from tests.bench.evaluation.parts import Part
from tests.bench.evaluation.tables import (
    VIGIE,
    Table,
    called,
    markdown,
    nab_tables,
    of_all,
    onset_tables,
    written,
    year_tables,
)

__all__ = ["Bar", "Section", "build_page", "page_template", "plural", "readme_table", "sections"]

_TITLES = {
    "nab": "Does it find what people marked as unusual?",
    "onset": "How soon does it notice a real crisis?",
    "year": "How often is it wrong in a year?",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A detector in the chart; scores below 0 have no bar."""

    name: str
    default: float
    best: float
    label: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One question and its answer."""

    anchor: str
    title: str
    sentence: str
    command: str
    problem: str | None
    tables: tuple[Table, ...]
    bars: tuple[Bar, ...] = ()


def plural(amount: int, one: str, many: str) -> str:
    """Return amount and word."""
    return f"{amount:,} {one if amount == 1 else many}"


Told = tuple[str, list[Table], list[Bar]]
"""A sentence, tables, and bars of a chart."""


def sections(parts: Sequence[Part]) -> list[Section]:
    """Return a section for each evaluation; one that cannot be told of has a problem."""
    return [_section(part) for part in parts]


def _section(part: Part) -> Section:
    told: Told = "", [], []
    problem = part.problem
    if part.found is not None:
        try:
            told = _TOLD[part.name](part.found)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            problem = f"What it printed has another form than this page knows: {error!r}."
    sentence, tables, bars = told
    return Section(
        anchor=part.name,
        title=_TITLES[part.name],
        sentence=sentence,
        command=part.command,
        problem=problem,
        tables=tuple(tables),
        bars=tuple(bars),
    )


def build_page(told: Sequence[Section], asked: Sequence[Goal], made_with: str) -> str:
    """Return the page.

    Parameters
    ----------
    told : sequence of Section
        The questions, in order.
    asked : sequence of Goal
        The numbers that were asked for.
    made_with : str
        Versions and machine, for the footer.
    """
    return page_template(Path(__file__).parent).render(
        sections=told,
        goals=asked,
        lead=_lead(asked, told),
        made_with=made_with,
    )


def page_template(*folders: Path) -> Template:
    """Return the ``page.html`` of the first folder, with the ``page.css`` of all of them in the report's look."""
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = (files("pipeline.report") / "report.css").read_text(encoding="utf-8")
    css += "".join((folder / "page.css").read_text(encoding="utf-8") for folder in reversed(folders))
    environment.globals["css"] = Markup(css)  # noqa: S704 - files of this project
    return environment.get_template("page.html")


def _lead(asked: Sequence[Goal], told: Sequence[Section]) -> str:
    measured = [goal for goal in asked if goal.met is not None]
    failed = sum(section.problem is not None for section in told)
    parts = [f"{sum(bool(goal.met) for goal in measured)} of {plural(len(measured), 'goal', 'goals')} met."]
    if len(measured) < len(asked):
        parts.append(f"{plural(len(asked) - len(measured), 'goal was', 'goals were')} not measured.")
    if failed:
        parts.append(f"{plural(failed, 'evaluation', 'evaluations')} could not be run.")
    return " ".join(parts)


def _nab(found: Mapping[str, Any]) -> Told:
    shown = [(each["name"], each["profiles"]["standard"]) for each in found["detectors"]]
    rules = [(own["default"]["score"] or 0.0, name) for name, own in shown if name != VIGIE]
    vigie = vigie_on_nab(found)
    best, name = max(rules)
    sentence = (
        "The Numenta Anomaly Benchmark: five-minute counts of mentions, in which unusual stretches were marked. "
        f"{plural(len(found['series']), 'series', 'series')} here. "
    )
    if vigie is None:
        sentence += "Vigie's own detector took no part. "
    else:
        own = vigie["standard"]["default"]
        sentence += (
            f"As it is shipped, Vigie scores {written(own['score'])}: {own['hit']} of {own['windows']} stretches "
            f"found, {plural(own['false_positives'], 'false alarm', 'false alarms')}. "
        )
    sentence += f"The best published rule with its documented threshold is {called(name)}, with {written(best)}."
    if found["without_data"]:
        sentence += f" Labelled, but without data here: {', '.join(found['without_data'])}."
    bars = [
        Bar(
            name=called(name),
            default=_width(own["default"]["score"]),
            best=_width(own["optimised"]["score"]),
            label=f"{written(own['default']['score'])}; at best {written(own['optimised']['score'])}",
            own=name == VIGIE,
        )
        for name, own in shown
    ]
    return sentence, nab_tables(found), bars


def _width(score: float | None) -> float:
    return round(min(max(score or 0.0, 0.0), 100.0), 1)


def _onset(found: Mapping[str, Any]) -> Told:
    parts = []
    for name, record in of_all(found).items():
        crises = [event for event in record["events"] if event["kind"] == "crisis"]
        detected = sum(bool(event["detected"]) for event in crises)
        parts.append((called(name), f"{detected} of {len(crises)}", record["false_alarms"]))
    own, *rules = parts
    sentence = (
        f"Tweets about airlines in which people found the events. Vigie found {own[1]} crises, with "
        f"{plural(own[2], 'false alarm', 'false alarms')}. The rules: "
        + "; ".join(f"{name} {found_}, {false} false" for name, found_, false in rules)
        + "."
    )
    return sentence, onset_tables(found), []


def _year(found: Mapping[str, Any]) -> Told:
    ordinary = found["ordinary"]
    sentence = (
        f"Simulated traffic of {plural(found['brands'], 'brand', 'brands')}, most of them quiet, with launches, jokes, "
        f"outages and gaps but no crisis: {plural(ordinary['alarms'], 'alarm', 'alarms')} in "
        f"{ordinary['brand_days']:,} brand-days, which is {written(ordinary['alarms_a_brand_day'], 4)} a brand-day. "
        "Then the same brands with crises planted."
    )
    return sentence, year_tables(found), []


_TOLD = {"nab": _nab, "onset": _onset, "year": _year}


def readme_table(found: Mapping[str, Mapping[str, Any] | None]) -> str:
    """Return one row for each detector, in Markdown, of all that was measured."""
    nab = {each["name"]: each["profiles"] for each in (found.get("nab") or {"detectors": []})["detectors"]}
    airlines, year = found.get("onset"), found.get("year")
    onset = of_all(airlines) if airlines else {}
    false = {VIGIE: year["ordinary"]["alarms_a_brand_day"]} | year["ordinary"]["rules"] if year else {}
    columns = (
        "detector",
        "NAB standard, as shipped",
        "best threshold",
        "NAB low FP, as shipped",
        "airline crises found",
        "false alarms a brand-day, airlines",
        "the same, simulated",
    )
    rows = []
    for name in dict.fromkeys((VIGIE, *nab, *onset, *false)):
        scores, record = nab.get(name), onset.get(name)
        crises = [e for e in record["events"] if e["kind"] == "crisis"] if record else []
        rows.append(
            (
                f"**{called(name)}**" if name == VIGIE else called(name),
                written(scores and scores["standard"]["default"]["score"]),
                written(scores and scores["standard"]["optimised"]["score"]),
                written(scores and scores["reward_low_FP"]["default"]["score"]),
                f"{sum(bool(e['detected']) for e in crises)} of {len(crises)}" if crises else written(None),
                written(record["false_alarms_a_brand_day"] if record else None, 3),
                written(false.get(name), 3),
            )
        )
    return markdown(columns, rows)
