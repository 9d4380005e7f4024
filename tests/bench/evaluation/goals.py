"""What was asked of the detection, and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.evaluation.tables import VIGIE, written

__all__ = ["Goal", "goals", "summary"]

_NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A number that was asked for."""

    what: str
    asked: str
    measured: str
    met: bool | None
    """None where it was not measured."""


def goals(found: Mapping[str, Mapping[str, Any] | None]) -> list[Goal]:
    """Return all goals; what an evaluation that failed would have told was not measured.

    Parameters
    ----------
    found : mapping of str to what was printed
        By name of the part; none for one that failed.
    """
    nab, onset, year = found.get("nab"), found.get("onset"), found.get("year")
    scores = vigie_on_nab(nab)
    return [
        _at_least("NAB, standard profile, as shipped", 76.0, scores, lambda s: s["standard"]["default"]["score"]),
        _at_least("NAB, few false alarms, as shipped", 70.0, scores, lambda s: s["reward_low_FP"]["default"]["score"]),
        _apart(scores),
        _crises_in_time(onset),
        _controls("Real harmless spikes stay at level 1", onset, _highest_of_controls),
        _controls("Simulated harmless happenings stay at level 1", year, _highest_simulated),
        _at_most("False alarms a brand-day, real", 0.02, onset, lambda f: f["vigie"]["false_alarms_a_brand_day"]),
        _at_most("False alarms a brand-day, simulated", 0.02, year, lambda f: f["ordinary"]["alarms_a_brand_day"]),
    ]


def vigie_on_nab(nab: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return Vigie's own profiles, if it took part."""
    if nab is None:
        return None
    return next((each["profiles"] for each in nab["detectors"] if each["name"] == VIGIE), None)


def summary(
    found: Mapping[str, Mapping[str, Any] | None], problems: Mapping[str, str | None], asked: list[Goal]
) -> dict[str, Any]:
    """Return the figures that are compared from one version to the next."""
    nab, onset, year = found.get("nab"), found.get("onset"), found.get("year")
    return {
        "problems": {name: problem for name, problem in problems.items() if problem},
        "goals": [asdict(goal) for goal in asked],
        "nab": nab and {each["name"]: each["profiles"] for each in nab["detectors"]},
        "onset": onset
        and {
            name: {
                "false_alarms_a_brand_day": record["false_alarms_a_brand_day"],
                "delay_minutes": {e["id"]: e["alert"] and e["alert"]["delay_minutes"] for e in record["events"]},
            }
            for name, record in ({VIGIE: onset["vigie"]} | onset["baselines"]).items()
        },
        "year": year
        and {
            "brand_days": year["ordinary"]["brand_days"],
            "false_alarms_a_brand_day": {VIGIE: year["ordinary"]["alarms_a_brand_day"]} | year["ordinary"]["rules"],
            "crises": year["crises"]["by_kind"],
        },
    }


def _at_least(what: str, least: float, found: Any, read: Callable[[Any], float | None]) -> Goal:
    value = None if found is None else read(found)
    measured = _NOT_MEASURED if value is None else written(value)
    return Goal(
        what=what, asked=f"at least {least:g}", measured=measured, met=None if value is None else value >= least
    )


def _at_most(what: str, most: float, found: Any, read: Callable[[Any], float | None]) -> Goal:
    value = None if found is None else read(found)
    measured = _NOT_MEASURED if value is None else written(value, 4)
    return Goal(what=what, asked=f"at most {most:g}", measured=measured, met=None if value is None else value <= most)


def _apart(scores: Mapping[str, Any] | None) -> Goal:
    what, asked = "NAB, as shipped and with thresholds from other series", "within 8 of each other"
    standard = scores and scores["standard"]
    if not standard or not standard["leave_two_out"]:
        return Goal(what=what, asked=asked, measured=_NOT_MEASURED, met=None)
    shipped, others = standard["default"]["score"], standard["leave_two_out"]["score"]
    return Goal(
        what=what, asked=asked, measured=f"{written(shipped)} and {written(others)}", met=abs(shipped - others) <= 8
    )


def _crises_in_time(onset: Mapping[str, Any] | None) -> Goal:
    what, asked = "Known crises found", "all, within 60 minutes"
    crises = [event for event in onset["vigie"]["events"] if event["kind"] == "crisis"] if onset else []
    if not crises:
        return Goal(what=what, asked=asked, measured=_NOT_MEASURED, met=None)
    delays = [event["alert"]["delay_minutes"] for event in crises if event["detected"]]
    in_time = sum(delay <= 60 for delay in delays)
    measured = f"{len(delays)} of {len(crises)}, {in_time} of them within 60 minutes"
    return Goal(what=what, asked=asked, measured=measured, met=in_time == len(crises))


def _controls(what: str, found: Mapping[str, Any] | None, highest: Callable[[Any], int | None]) -> Goal:
    level = None if found is None else highest(found)
    measured = _NOT_MEASURED if level is None else f"highest level {level}"
    return Goal(what=what, asked="level 1 at most", measured=measured, met=None if level is None else level <= 1)


def _highest_of_controls(onset: Mapping[str, Any]) -> int | None:
    levels = [e["highest_level"] for e in onset["vigie"]["events"] if e["kind"] in {"negative control", "harmless"}]
    return max(levels, default=None)


def _highest_simulated(year: Mapping[str, Any]) -> int | None:
    levels = (int(level) for kinds in year["ordinary"]["highest_level_by_kind"].values() for level in kinds)
    return max(levels, default=None)
