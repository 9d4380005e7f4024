"""How soon known events were noticed, and how often nothing was the matter: detection delay and false alarms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.evaluation.events import EventKind, KnownEvent
from pipeline.evaluation.incidents import Incident
from schemas.times import to_rfc3339
from schemas.window import Level

__all__ = ["EARLY_MS", "Days", "judge_alarms", "judge_event", "record"]

EARLY_MS = 3_600_000
"""An alarm this long before the known start still counts as one about the event: starts are known to the hour."""
_DAY_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """How long a brand was watched. Epoch milliseconds."""

    first_ms: int
    """Start of the first observed bucket."""
    last_ms: int
    """End of the last one."""
    learnt_ms: int | None
    """Since when the baseline counts as learnt; none when it never did."""

    @property
    def brand_days(self) -> float:
        """Days from first to last."""
        return (self.last_ms - self.first_ms) / _DAY_MS

    @property
    def learnt_days(self) -> float:
        """The part of them in which the baseline was learnt: before that nothing above watch is raised."""
        return 0.0 if self.learnt_ms is None else (self.last_ms - self.learnt_ms) / _DAY_MS


def record(
    events: Sequence[KnownEvent], incidents: Sequence[Incident], days: dict[str, Days], *, levels: bool
) -> dict[str, Any]:
    """Return the record of one detector over everything that was watched, as JSON has it.

    Parameters
    ----------
    events : sequence of KnownEvent
        What is known.
    incidents : sequence of Incident
        What was said.
    days : dict of str to Days
        Every brand that was watched.
    levels : bool
        Whether the detector has levels; a plain rule is silent or alarmed.
    """
    return {
        "events": [judge_event(event, incidents, levels=levels) for event in events],
        **judge_alarms(events, incidents, days),
    }


def judge_event(event: KnownEvent, incidents: Iterable[Incident], *, levels: bool = True) -> dict[str, Any]:
    """Say what became of an event.

    It is detected when alert (level 2) or more is reached from below between `EARLY_MS` before its start and its end;
    delays are minutes from the start, negative when it was earlier. Of an alarm that began before that and still holds,
    nobody can say whether it is about the event: `already_open`, and not detected.
    """
    mine = [incident for incident in incidents if incident.brand == event.brand]
    told: dict[str, Any] = {
        "id": event.id,
        "brand": event.brand,
        "kind": event.kind.value,
        "start": None if event.start_ms is None else to_rfc3339(event.start_ms),
        "end": None if event.end_ms is None else to_rfc3339(event.end_ms),
    }
    start = 0 if event.start_ms is None else event.start_ms - EARLY_MS
    end = 1 << 62 if event.end_ms is None else event.end_ms
    before = max((one.level_at(start - 1) for one in mine), default=Level.CALM)
    highest = max((one.highest(start - 1, end) for one in mine), default=Level.CALM)
    alert = _first_rise(mine, Level.ALERT, start, end, event.start_ms)
    is_open = before >= Level.ALERT
    told["detected"] = (alert is not None and not is_open) if event.kind is EventKind.CRISIS else None
    told["already_open"] = is_open
    told["alert"] = alert
    if levels:
        told["watch"] = _first_rise(mine, Level.WATCH, start, end, event.start_ms)
        told["level_at_start"] = int(before)
        told["highest_level"] = int(highest)
    else:
        told["alarmed"] = highest >= Level.ALERT
    return told


def _first_rise(
    incidents: Iterable[Incident], level: Level, start_ms: int, end_ms: int, since_ms: int | None
) -> dict[str, Any] | None:
    rises = [(at, now) for one in incidents for at, now in one.rises(level) if start_ms <= at <= end_ms]
    if not rises:
        return None
    at, now = min(rises)
    return {
        "level": int(now),
        "time": to_rfc3339(at),
        "delay_minutes": None if since_ms is None else round((at - since_ms) / 60_000, 1),
    }


def judge_alarms(events: Sequence[KnownEvent], incidents: Sequence[Incident], days: dict[str, Days]) -> dict[str, Any]:
    """Count the alarms: incidents that reached alert. One incident is one alarm, however often it comes back.

    True ones have to do with a crisis, false ones with nothing, or with a negative control only; those that have to do
    with what is neither (minor, in progress) are neither. A brand that is in no incident counts with its days.
    """
    listed: list[dict[str, Any]] = []
    for incident in incidents:
        span = incident.span(Level.ALERT)
        if span is not None:
            listed.append(_alarm(incident, span, events))
    verdicts = [alarm["verdict"] for alarm in listed]
    brand_days = sum(one.brand_days for one in days.values())
    learnt_days = sum(one.learnt_days for one in days.values())
    false = verdicts.count("false")
    return {
        "alarms": len(listed),
        "true_alarms": verdicts.count("true"),
        "false_alarms": false,
        "neither": verdicts.count("neither"),
        "alarms_a_brand_day": _rate(len(listed), brand_days),
        "false_alarms_a_brand_day": _rate(false, brand_days),
        "false_alarms_a_learnt_brand_day": _rate(false, learnt_days),
        "alarm_list": sorted(listed, key=lambda alarm: (alarm["start"], alarm["brand"])),
    }


def _alarm(incident: Incident, span: tuple[int, int | None], events: Sequence[KnownEvent]) -> dict[str, Any]:
    start, end = span
    met = [one for one in events if one.brand == incident.brand and one.overlaps(start, end, early_ms=EARLY_MS)]
    if any(one.kind is EventKind.CRISIS for one in met):
        verdict = "true"
    elif any(not one.is_open_to_judgement for one in met):
        verdict = "neither"
    else:
        verdict = "false"
    return {
        "brand": incident.brand,
        "start": to_rfc3339(start),
        "end": None if end is None else to_rfc3339(end),
        "peak_level": int(incident.peak),
        "verdict": verdict,
        "events": [one.id for one in met],
    }


def _rate(count: int, days: float) -> float | None:
    return round(count / days, 4) if days > 0.0 else None
