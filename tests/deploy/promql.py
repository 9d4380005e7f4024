"""What PromQL asks for, held against what Vigie's metrics are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import promql_parser
from prometheus_client.metrics_core import Metric

from agents.metrics import Metrics
from agents.metrics.ingest import IngestMetrics

__all__ = ["complaints", "recorded"]

_SUFFIXES = {
    "counter": {"_total": set[str]()},
    "gauge": {"": set[str]()},
    "histogram": {"_bucket": {"le"}, "_count": set[str](), "_sum": set[str]()},
    "info": {"_info": {"version", "role"}},
}
_TARGET = {"job", "instance"}
_PROMETHEUS = {"up": _TARGET, "ALERTS": {*_TARGET, "alertname", "alertstate", "severity"}}


@cache
def _published() -> dict[str, set[str]]:
    """Return the labels of every series that a worker or an ingester can show."""
    known = dict(_PROMETHEUS)
    for family, labels in _families():
        for suffix, more in _SUFFIXES[family.type].items():
            known[family.name + suffix] = {*labels, *more, *_TARGET}
    return known


def _families() -> Iterator[tuple[Metric, set[str]]]:
    collectors = (*Metrics().registry._collector_to_names, *IngestMetrics().registry._collector_to_names)
    for collector in collectors:
        for family in collector.collect():
            labels = {name for sample in family.samples for name in sample.labels} - {"le"}
            labels |= set(getattr(collector, "_labelnames", ())) | set(getattr(family, "_labelnames", ()))
            yield family, labels


def recorded(name: str) -> set[str]:
    """Return the labels that a recorded series has, as its name says: `job_stage:...` has job and stage."""
    level = name.partition(":")[0]
    return {*_TARGET, "result"} if level == "instance" else set(level.split("_"))


def complaints(expr: str, records: set[str]) -> list[str]:
    """Return what is wrong with an expression: series that nobody shows, labels that they do not have.

    Raises
    ------
    ValueError
        It is no PromQL.
    """
    found, labels, named = list[str](), set[str](), set[str]()

    def visit(node: promql_parser.Expr) -> None:
        match node:
            case promql_parser.VectorSelector():
                name = str(node.name)
                has = recorded(name) if name in records else _published().get(name)
                if has is None:
                    found.append(f"nothing shows {name}")
                    return
                labels.update(has)
                found.extend(f"{name} has no {m.name}" for m in node.matchers.matchers if m.name not in has)
            case promql_parser.AggregateExpr() if node.modifier is not None:
                named.update(node.modifier.labels)
            case promql_parser.BinaryExpr() if node.modifier is not None and node.modifier.matching is not None:
                named.update(node.modifier.matching.labels)
            case _:
                pass

    promql_parser.walk(promql_parser.parse(expr), visit)
    return found + [f"no series of it has {label}" for label in sorted(named - labels)]
