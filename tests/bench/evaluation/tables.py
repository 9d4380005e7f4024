"""Tables and sentences made of what the evaluations printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["VIGIE", "Table", "called", "markdown", "nab_tables", "onset_tables", "year_tables"]

VIGIE = "vigie"
NONE = "–"  # noqa: RUF001 - a dash
_CALLED = {
    VIGIE: "Vigie",
    "gnip-point-poisson": "Gnip's point Poisson",
    "gnip-cycle-poisson": "Gnip's cycle-corrected Poisson",
    "windowed-gaussian": "Windowed Gaussian",
    "last-hour": "Last hour against 12",
    "standard-deviation": "Standard deviations",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; its first column names the rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: bool = True
    """All columns but the first are numbers."""


def called(name: str) -> str:
    """Return a detector's name as a reader wants it."""
    return _CALLED.get(name, name.replace("-", " ").capitalize())


def written(number: float | None, digits: int = 1) -> str:
    """Return a number, with a real minus; a dash where there is none."""
    return NONE if number is None else f"{number:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def of_all(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the onset records of all detectors, Vigie's first."""
    return {VIGIE: found["vigie"]} | dict(found["baselines"])


def nab_tables(found: Mapping[str, Any]) -> list[Table]:
    """Return the scores of all detectors in two profiles, and those of the first detector by series."""
    profiles = {"standard": "Standard profile", "reward_low_FP": "Profile in which false alarms cost double"}
    tables = [
        Table(
            caption=f"{what}; 100 is perfect, 0 is saying nothing",
            columns=(
                "Detector",
                "As it comes",
                "Windows hit",
                "False alarms",
                "Threshold from all but two series",
                "from all but one",
                "best threshold",
            ),
            rows=tuple(_scores(each["name"], each["profiles"][profile]) for each in found["detectors"]),
        )
        for profile, what in profiles.items()
    ]
    return tables + [_by_series(each) for each in found["detectors"][:1]]


def _scores(name: str, profile: Mapping[str, Any]) -> tuple[str, ...]:
    default = profile["default"]
    others = (profile[kind] for kind in ("leave_two_out", "leave_one_out", "optimised"))
    return (
        called(name),
        written(default["score"]),
        f"{default['hit']} of {default['windows']}",
        str(default["false_positives"]),
        *(written(None if other is None else other["score"]) for other in others),
    )


def _by_series(each: Mapping[str, Any]) -> Table:
    return Table(
        caption=f"{called(each['name'])} by series, as shipped",
        columns=("Series", "Standard", "Few false alarms", "Windows hit", "False alarms"),
        rows=tuple(
            (
                name.rpartition("/")[2].removesuffix(".csv").removeprefix("Twitter_volume_"),
                written(own["score"]["standard"]),
                written(own["score"]["reward_low_FP"]),
                f"{own['hit']} of {own['windows']}",
                str(own["false_positives"]),
            )
            for name, own in sorted(each["series"].items())
        ),
    )


def onset_tables(found: Mapping[str, Any]) -> list[Table]:
    """Return what each detector made of each event, and how often it was wrong."""
    records = of_all(found)
    events: Sequence[Mapping[str, Any]] = found["vigie"]["events"]
    by_id = {name: {event["id"]: event for event in record["events"]} for name, record in records.items()}
    return [
        Table(
            caption="Minutes from the start of each event to the alarm (level 2 or above)",
            columns=("Event", "Kind", *map(called, records)),
            rows=tuple(
                (event["id"], event["kind"], *(_noticed(own.get(event["id"])) for own in by_id.values()))
                for event in events
            ),
            numeric=False,
        ),
        Table(
            caption=f"Alarms in {found['brand_days']:.0f} brand-days",
            columns=("Detector", "Alarms", "False alarms", "Alarms a brand-day", "False alarms a brand-day"),
            rows=tuple(
                (
                    called(name),
                    str(record["alarms"]),
                    str(record["false_alarms"]),
                    written(record["alarms_a_brand_day"], 3),
                    written(record["false_alarms_a_brand_day"], 3),
                )
                for name, record in records.items()
            ),
        ),
    ]


def _noticed(event: Mapping[str, Any] | None) -> str:
    if event is None:
        return NONE
    alert = event["alert"]
    if alert is not None:
        delay = alert["delay_minutes"]
        text = "alarm" if delay is None else f"{written(delay, 0)} min"
        return f"{text} (level {event['highest_level']})" if "highest_level" in event else text
    if event["kind"] == "crisis":
        return "alarm was open before" if event["already_open"] else "missed"
    return f"level {event['highest_level']}" if "highest_level" in event else "left alone"


def year_tables(found: Mapping[str, Any]) -> list[Table]:
    """Return false alarms of a year without crises, and what became of planted crises."""
    ordinary, crises = found["ordinary"], found["crises"]
    rules = sorted(ordinary["rules"].items())
    kinds = [(kind, own) for kind, own in sorted(crises["by_kind"].items()) if "," not in kind]
    return [
        Table(
            caption=f"False alarms in {ordinary['brand_days']:,} brand-days of ordinary traffic",
            columns=("Detector", "False alarms a brand-day"),
            rows=(
                (called(VIGIE), written(ordinary["alarms_a_brand_day"], 4)),
                *((called(name), written(value, 4)) for name, value in rules),
            ),
        ),
        Table(
            caption="Harmless happenings, by the highest level that Vigie gave them",
            columns=("Happening", "0 calm", "1 watch", "2 alert", "3 crisis", "4 severe"),
            rows=tuple(
                (kind, *(str(levels.get(str(level), 0)) for level in range(5)))
                for kind, levels in sorted(ordinary["highest_level_by_kind"].items())
            ),
        ),
        Table(
            caption=f"Planted crises in {crises['brand_days']:,} other brand-days",
            columns=("Crisis and strength", "Planted", "Found", "within an hour", "Median delay, minutes"),
            rows=tuple(
                (
                    kind.replace("_", " "),
                    str(own["crises"]),
                    str(own["detected"]),
                    str(own["detected_within_1h"]),
                    written(own["median_delay_minutes"], 0),
                )
                for kind, own in kinds
            ),
        ),
    ]


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
