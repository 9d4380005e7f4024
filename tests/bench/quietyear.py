"""``python -m tests.bench.quietyear``: false alarms in a year of ordinary traffic, and delay of planted crises.

Brands from 30 mentions a day to 43,000, most of them quiet, are watched minute by minute by the shipped detector. In
the first run whatever happens is harmless, so each alarm (level 2 and above) is a false one. In the second, crises of
two kinds and several strengths are planted, one at a time; half as many days are enough for it. What is simulated,
and where its numbers come from, is told in `pipeline.simulate.years`. Nothing there was chosen by what a detector
does with it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.detection import Detector
from pipeline.evaluation import baselines
from pipeline.evaluation.incidents import Incident, incidents, rule_incidents
from pipeline.settings import DetectionSettings
from pipeline.simulate.years import BrandYear, Happening, brand_years, buckets, plan_crises, plan_harmless, talk
from pipeline.simulate.years.traffic import Traffic
from schemas.codec import encode_pretty
from schemas.crisis import CrisisEvent
from schemas.times import from_rfc3339
from schemas.window import Level

START_MS = from_rfc3339("2025-01-01T00:00:00Z")
MINUTE_MS = 60_000
DAY = 24 * 60
FIVE = 5
ORDINARY = "ordinary"
"""The cause of what no happening explains."""
BANDS = ((0.0, 0.2), (0.2, 2.0), (2.0, float("inf")))
"""Mentions a minute: quiet, ordinary, busy brands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A brand to be watched for so many days."""

    brand: BrandYear
    days: int
    rules: bool
    """Whether the published rules are run as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was said of a brand."""

    brand: BrandYear
    days: int
    learnt_days: float
    """Days in which the baseline was learnt."""
    said: list[Incident]
    causes: list[str]
    """For each of them that reached alert, how it was decided: the window, and the signals that made up its score."""
    rules: dict[str, list[Incident]]
    seconds: float


def main() -> None:
    """Run both years and print what came of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quietyear", description=__doc__)
    parser.add_argument("--days", type=int, default=365, help="how long the year is (365)")
    parser.add_argument("--brands", type=int, default=20, help="how many brands (20)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (1)")
    parser.add_argument("--rules", action="store_true", help="run the published rules over the same years as well")
    parser.add_argument("--processes", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--out", type=Path, help="also write the JSON to this file")
    arguments = parser.parse_args()
    began = time.perf_counter()
    brands = brand_years(arguments.brands, arguments.seed)
    crisis_days = max(arguments.days // 2, min(arguments.days, 40))
    quiet = [_planned(brand, arguments.days, crises=False, rules=arguments.rules) for brand in brands]
    loud = [_planned(brand, crisis_days, crises=True, rules=arguments.rules) for brand in brands]
    seen = _all(quiet + loud, arguments.processes)
    report = {
        "seed": arguments.seed,
        "brands": len(brands),
        "ordinary": ordinary_record(seen[: len(quiet)]),
        "crises": crisis_record(seen[len(quiet) :]),
        "microseconds_a_minute": round(1e6 * sum(one.seconds for one in seen) / sum(one.days * DAY for one in seen), 1),
        "wall_seconds": round(time.perf_counter() - began),
    }
    text = encode_pretty(report).decode()
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    print(text, end="")


def _planned(brand: BrandYear, days: int, *, crises: bool, rules: bool) -> Watch:
    plan = plan_crises if crises else plan_harmless
    return Watch(brand=replace(brand, happenings=plan(brand, days)), days=days, rules=rules)


def _all(watches: Sequence[Watch], processes: int) -> list[Watched]:
    """Watch them, busiest first, and return them in the order given."""
    order = sorted(range(len(watches)), key=lambda n: -watches[n].brand.talk.per_minute * watches[n].days)
    seen: dict[int, Watched] = {}
    with get_context("spawn").Pool(processes) as pool:
        for number, watched in zip(order, pool.imap(watch, [watches[n] for n in order]), strict=True):
            seen[number] = watched
            print(f"{len(seen)} of {len(watches)}: {watched.brand.talk.key}, {watched.days} days", file=sys.stderr)
    return [seen[number] for number in range(len(watches))]


# -- watching ----------------------------------------------------------------------------------------


def watch(task: Watch) -> Watched:
    """Run the detector over a brand's minutes."""
    began = time.perf_counter()
    key = task.brand.talk.key
    traffic = talk(task.brand, start_ms=START_MS, days=task.days)
    detector = Detector(key, DetectionSettings())
    events: list[CrisisEvent] = []
    learning = 0
    for bucket in buckets(traffic, key, START_MS):
        outcome = detector.observe(bucket)
        learning += outcome.detection.learning < 1.0
        events += outcome.events
    said = incidents(events)
    took = time.perf_counter() - began
    rules = {rule.name: rule_incidents(rule, key, five_minutes(traffic)) for rule in baselines()} if task.rules else {}
    return Watched(
        brand=task.brand,
        days=task.days,
        learnt_days=task.days - learning / DAY,
        said=said,
        causes=_signals(events),
        rules=rules,
        seconds=took,
    )


def five_minutes(traffic: Traffic) -> list[tuple[int, float]]:
    """Return the five-minute counts: epoch minute of the end, and count; without those not wholly observed."""
    volumes = traffic.counts[:, 0].reshape(-1, FIVE).sum(axis=1)
    whole = np.flatnonzero(traffic.observed.reshape(-1, FIVE).all(axis=1))
    first = START_MS // MINUTE_MS + FIVE
    return [(first + FIVE * n, float(v)) for n, v in zip(whole.tolist(), volumes[whole].tolist(), strict=True)]


def _signals(events: Iterable[CrisisEvent]) -> list[str]:
    """Say of each alarm, in order of its beginning, which window decided, and what made up its score.

    What adds less than a ban (ten times the odds) is left out.
    """
    told: dict[str, str] = {}
    for event in events:
        if event.level >= Level.ALERT and event.crisis_id not in told:
            strong = [s.name for s in event.evidence.signals if s.contribution >= 1.0 and s.name != "looks"]
            told[event.crisis_id] = f"{event.evidence.window}: {' + '.join(strong) or 'several small ones'}"
    return list(told.values())


# -- the year without crises -------------------------------------------------------------------------


def ordinary_record(seen: Sequence[Watched]) -> dict[str, Any]:
    """Return what was said while nothing was the matter."""
    days = sum(one.days for one in seen)
    learnt = sum(one.learnt_days for one in seen)
    alarms = _by_cause(seen, Level.ALERT)
    watches = _by_cause(seen, Level.WATCH)
    total = sum(alarms.values())
    return {
        "brand_days": days,
        "learnt_brand_days": round(learnt, 1),
        "alarms": total,
        "alarms_a_brand_day": round(total / days, 4),
        "alarms_a_learnt_brand_day": round(total / learnt, 4) if learnt else None,
        "watches_a_brand_day": round(sum(watches.values()) / days, 4),
        "alarms_by_peak_level": _sorted(Counter(str(int(i.peak)) for one in seen for i in one.said if _is_alarm(i))),
        "alarms_by_cause": dict(alarms.most_common()),
        "watches_by_cause": dict(watches.most_common()),
        "alarms_by_signals": dict(Counter(cause for one in seen for cause in one.causes).most_common()),
        "highest_level_by_kind": _levels_by_kind(seen),
        "by_volume": {_band_name(band): _band_record(seen, band) for band in BANDS},
        "rules": {
            name: round(sum(len(one.rules[name]) for one in seen) / days, 4) for name in (seen[0].rules if seen else ())
        },
    }


def _by_cause(seen: Sequence[Watched], level: Level) -> Counter[str]:
    causes: Counter[str] = Counter()
    for one in seen:
        for incident in one.said:
            span = incident.span(level)
            if span is not None:
                causes[cause_of(one.brand.happenings, span[0])] += 1
    return causes


def cause_of(happenings: Iterable[Happening], time_ms: int) -> str:
    """Return the kind of what began last of all that an alarm raised at a time may be due to, or that it is nothing."""
    minute = (time_ms - START_MS) // MINUTE_MS
    going_on = [one for one in happenings if one.start <= minute <= one.until]
    return max(going_on, key=lambda one: one.start).kind.value if going_on else ORDINARY


def highest_risen(said: Iterable[Incident], happening: Happening) -> Level:
    """Return the highest level that was newly reached while a happening lasted, or shortly after."""
    first, last = (START_MS + minute * MINUTE_MS for minute in (happening.start, happening.until))
    levels = (level for level in reversed(Level) if level > Level.CALM)
    return next(
        (level for level in levels for one in said for at, _ in one.rises(level) if first <= at <= last), Level.CALM
    )


def _levels_by_kind(seen: Sequence[Watched]) -> dict[str, dict[str, int]]:
    levels: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in seen:
        for happening in one.brand.happenings:
            levels[happening.kind.value][str(int(highest_risen(one.said, happening)))] += 1
    return {kind: _sorted(counts) for kind, counts in sorted(levels.items())}


def _band_record(seen: Sequence[Watched], band: tuple[float, float]) -> dict[str, Any]:
    mine = [one for one in seen if band[0] <= one.brand.talk.per_minute < band[1]]
    days = sum(one.days for one in mine)
    alarms = _by_cause(mine, Level.ALERT)
    total = sum(alarms.values())
    return {
        "brand_days": days,
        "alarms_a_brand_day": round(total / days, 4) if days else None,
        "ordinary_alarms_a_brand_day": round(alarms[ORDINARY] / days, 4) if days else None,
    }


# -- the year with crises ----------------------------------------------------------------------------


def crisis_record(seen: Sequence[Watched]) -> dict[str, Any]:
    """Return what became of the planted crises, by kind, strength and the brand's volume."""
    days = sum(one.days for one in seen)
    alarms = _by_cause(seen, Level.ALERT)
    groups: defaultdict[str, list[tuple[Watched, Happening]]] = defaultdict(list)
    for one in seen:
        for crisis in one.brand.happenings:
            band = next(b for b in BANDS if b[0] <= one.brand.talk.per_minute < b[1])
            groups[f"{crisis.kind.value} {crisis.strength:g}"].append((one, crisis))
            groups[f"{crisis.kind.value} {crisis.strength:g}, {_band_name(band)}"].append((one, crisis))
    return {
        "brand_days": days,
        "alarms_without_a_crisis_a_brand_day": round(alarms[ORDINARY] / days, 4),
        "by_kind": {name: _crisis_group(found) for name, found in sorted(groups.items())},
    }


def _crisis_group(found: Sequence[tuple[Watched, Happening]]) -> dict[str, Any]:
    delays = [delay for one, crisis in found if (delay := delay_minutes(one.said, crisis)) is not None]
    rules = {
        name: sum(delay_minutes(one.rules[name], crisis) is not None for one, crisis in found)
        for name in (found[0][0].rules if found else ())
    }
    return {
        "crises": len(found),
        "detected": len(delays),
        "detected_within_1h": sum(delay <= 60 for delay in delays),
        "median_delay_minutes": round(statistics.median(delays)) if delays else None,
        "highest_level": _sorted(Counter(str(int(highest_risen(one.said, crisis))) for one, crisis in found)),
    } | ({"rules_detected": rules} if rules else {})


def delay_minutes(said: Iterable[Incident], crisis: Happening) -> int | None:
    """Return the minutes from the start of a crisis to the first alert before its end; none when there was none."""
    first, last = (START_MS + minute * MINUTE_MS for minute in (crisis.start, crisis.end))
    rises = [at for one in said for at, _ in one.rises(Level.ALERT) if first <= at <= last]
    return (min(rises) - first) // MINUTE_MS if rises else None


# -- wording -----------------------------------------------------------------------------------------


def _is_alarm(incident: Incident) -> bool:
    return incident.peak >= Level.ALERT


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _band_name(band: tuple[float, float]) -> str:
    low, high = band
    return f"from {low:g} a minute" if high == float("inf") else f"{low:g} to {high:g} a minute"


if __name__ == "__main__":
    main()
