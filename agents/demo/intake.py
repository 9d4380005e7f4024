"""What an ingester says of itself on its page of metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Intake", "intake_of", "sums_in"]

_TIMEOUT = aiohttp.ClientTimeout(total=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """How an ingester is doing."""

    posts: int = 0
    """Put by the source."""
    stored: int = 0
    """Acknowledged by Kafka."""
    dropped: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)
    """By what it is, what the source said and nobody needs."""
    connections: int | None = None
    """Open now; none for a source without."""
    gaps: dict[str, tuple[int, float]] = field(default_factory=dict)
    """By reason, how many and how many seconds."""


async def intake_of(page: str) -> Intake | None:
    """Ask an ingester; none when it does not answer (yet, or any more)."""
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(f"{page}/metrics") as answer:
            return _intake(await answer.text())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


def _intake(text: str) -> Intake:
    values: dict[str, float] = {}
    passed_over: dict[str, int] = {}
    counts: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            match sample.name.removeprefix("vigie_ingest_"):
                case "gaps_total":
                    counts[sample.labels["reason"]] = sample.value
                case "gap_seconds_total":
                    seconds[sample.labels["reason"]] = sample.value
                case "passed_over_total":
                    passed_over[sample.labels["what"]] = int(sample.value)
                case name:
                    values[name] = sample.value
    return Intake(
        posts=int(values.get("posts_total", 0)),
        stored=int(values.get("stored_total", 0)),
        dropped=int(values.get("dropped_total", 0)),
        passed_over=passed_over,
        connections=int(values["connections"]) if "connections" in values else None,
        gaps={reason: (int(count), seconds.get(reason, 0.0)) for reason, count in counts.items() if count},
    )


def sums_in(log: str, source: str) -> str:
    """Return what an ingester has printed at its end; empty when it did not come to it."""
    at = log.rfind(f"\n{source}: ", 0) + 1 or (0 if log.startswith(f"{source}: ") else -1)
    return log[at:].strip() if at >= 0 else ""
