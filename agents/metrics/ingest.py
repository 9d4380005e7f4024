"""The metrics of an ingester: what a source gave, what Kafka has, what is missing.

Names, labels and help as in `agents.metrics.names`; the label `source` on all. What goes for some sources only (a
connection, rules, a clock that is not ours) has no series until a source speaks of it: a file without connections is
not one that has lost them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest

from pipeline.ingest.coverage import GapReason, Missing

__all__ = ["IngestMetrics", "SourceMetrics"]

_USUAL_ENDS = ("closed", "disconnected", "network", "rate_limited", "refused", "server_error", "stalled")
"""Why connections end, as a rule; what ends otherwise is seen from the second time on."""


class IngestMetrics:
    """One ingester's metrics.

    Parameters
    ----------
    registry : CollectorRegistry, optional
        Where they live; one of their own unless given.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        # A second series for each counter, of which Prometheus makes no use.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True) if registry is None else registry
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        build = Info("vigie_build", "Version and role of the process, always 1.", registry=self.registry)
        build.info({"version": version("vigie"), "role": "ingest"})
        self._define_flow()
        self._define_losses()
        self._define_connections()
        self._define_spool()
        self._define_rules()
        self._sources: dict[str, SourceMetrics] = {}

    def _define_flow(self) -> None:
        self.posts = self._counter("posts", "Lines that the source gave to be stored, notices included: traffic in.")
        self.stored = self._counter(
            "stored", "Of these, acknowledged by all the replicas of Kafka that must: traffic out."
        )
        self.passed_over = self._counter(
            "passed_over", "What the source said and nobody needs: keepalive, unmatched, duplicate and so on.", "what"
        )

    def _define_losses(self) -> None:
        self.dropped = self._counter(
            "dropped", "Posts that the spool could not take or keep; each lies in a gap that was recorded."
        )
        self.gaps = self._counter(
            "gaps",
            "Gaps recorded, by why posts are missing; one that lasts is recorded in pieces.",
            "reason",
        )
        self.gap_seconds = self._counter(
            "gap_seconds", "Seconds of the source's time of which posts are missing, by why.", "reason"
        )

    def _define_connections(self) -> None:
        self.connections = self._gauge(
            "connections", "Connections to the source that are open and have said something; none for a file."
        )
        self.disconnects = self._counter("disconnects", "Connections that ended or were not made, by why.", "reason")
        self.last_received = self._gauge(
            "last_received_timestamp_seconds",
            "When the source last said anything, in seconds since the epoch, by its clock: whether it is there.",
        )
        self.covered = self._gauge(
            "covered_timestamp_seconds",
            "Up to when the source has been heard out or a gap is recorded, in seconds since the epoch, by its clock.",
        )
        self.clock_offset = self._gauge(
            "clock_offset_seconds", "This machine's clock less the source's: what is off here, not there, as a rule."
        )

    def _define_spool(self) -> None:
        self.holding = self._gauge("holding", "1 while Kafka does not take what there is, else 0.")
        self.spool_bytes = self._gauge("spool_bytes", "Bytes on disk that wait for Kafka: what an outage has left.")
        self.spool_limit_bytes = self._gauge("spool_limit_bytes", "How many bytes the spool may hold.")
        self.spool_oldest = self._gauge(
            "spool_oldest_seconds", "Seconds that the oldest post in the spool has waited; 0 when none does."
        )
        self.spool_errors = self._counter(
            "spool_errors", "Errors of the disk that the spool is on: posts are held in memory, or dropped."
        )

    def _define_rules(self) -> None:
        self.rules = self._gauge("rules", "Rules of ours that are in force at the source.")
        self.rules_synced = self._gauge(
            "rules_synced", "1 when they are those of the watchlist as it is; 0 when they could not be made so."
        )

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(f"vigie_ingest_{name}", documentation, ("source", *labels), registry=self.registry)

    def _gauge(self, name: str, documentation: str) -> Gauge:
        return Gauge(f"vigie_ingest_{name}", documentation, ("source",), registry=self.registry)

    def of(self, source: str) -> SourceMetrics:
        """Return the metrics of one source, the same ones each time."""
        if (known := self._sources.get(source)) is None:
            known = self._sources[source] = SourceMetrics(self, source)
        return known

    def expose(self) -> bytes:
        """Return the registry in Prometheus' text format."""
        return generate_latest(self.registry)


class SourceMetrics:
    """What is told of one source.

    Looking a metric up by its labels costs several times as much as counting, so it is done once. It also makes
    every series begin at 0: Prometheus sees no increase in one whose first value is 1.

    Parameters
    ----------
    metrics : IngestMetrics
        The ingester's.
    source : str
        The source's name.
    """

    def __init__(self, metrics: IngestMetrics, source: str) -> None:
        self._metrics = metrics
        self.source = source
        self.posts = metrics.posts.labels(source)
        """Given by the source to be stored."""
        self.stored = metrics.stored.labels(source)
        """Acknowledged by Kafka."""
        self.dropped = metrics.dropped.labels(source)
        """Not taken or not kept by the spool; each in a recorded gap."""
        self.holding = metrics.holding.labels(source)
        """1 while Kafka does not take what there is."""
        self.spool_bytes = metrics.spool_bytes.labels(source)
        """Bytes that wait for Kafka."""
        self.spool_limit_bytes = metrics.spool_limit_bytes.labels(source)
        """How many bytes may wait."""
        self.spool_oldest = metrics.spool_oldest.labels(source)
        """Seconds that the oldest has waited."""
        self.spool_errors = metrics.spool_errors.labels(source)
        """Errors of the disk."""
        self._passed_over: dict[str, Counter] = {}
        self._disconnects: dict[str, Counter] = {}
        for reason in GapReason:
            metrics.gaps.labels(source, reason.value)
            metrics.gap_seconds.labels(source, reason.value)

    @cached_property
    def connections(self) -> Gauge:
        """Open now. A source that has connections sets it to 0 before the first one."""
        for reason in _USUAL_ENDS:
            self._child(self._disconnects, self._metrics.disconnects, reason)
        return self._metrics.connections.labels(self.source)

    @cached_property
    def last_received(self) -> Gauge:
        """When the source last said anything: seconds since the epoch, by its clock."""
        return self._metrics.last_received.labels(self.source)

    @cached_property
    def covered(self) -> Gauge:
        """Up to when it has been heard out, or a gap is recorded: seconds since the epoch, by its clock."""
        return self._metrics.covered.labels(self.source)

    @cached_property
    def clock_offset(self) -> Gauge:
        """The clock of this machine less the source's, in seconds."""
        return self._metrics.clock_offset.labels(self.source)

    @cached_property
    def rules(self) -> Gauge:
        """Rules of ours that are in force at the source."""
        return self._metrics.rules.labels(self.source)

    @cached_property
    def rules_synced(self) -> Gauge:
        """1 when the rules at the source are those of the watchlist, 0 when they could not be made so."""
        return self._metrics.rules_synced.labels(self.source)

    def open_connections(self) -> int | None:
        """Return how many connections are open; None for a source that has not spoken of any."""
        if "connections" not in self.__dict__:
            return None
        return int(next(iter(self.connections.collect())).samples[0].value)

    def passed_over(self, what: str, count: int = 1) -> None:
        """Count what the source said and nobody needs; ``what`` is one of a few words."""
        self._child(self._passed_over, self._metrics.passed_over, what).inc(count)

    def disconnected(self, reason: str) -> None:
        """Count a connection that ended or was not made; ``reason`` is one of a few words."""
        self._child(self._disconnects, self._metrics.disconnects, reason).inc()

    def gap(self, missing: Missing, reason: str) -> None:
        """Count a gap, or a piece of one, that was recorded."""
        self._metrics.gaps.labels(self.source, reason).inc()
        self._metrics.gap_seconds.labels(self.source, reason).inc((missing.end_ms - missing.start_ms) / 1000)

    def _child(self, known: dict[str, Counter], metric: Counter, label: str) -> Counter:
        if (child := known.get(label)) is None:
            child = known[label] = metric.labels(self.source, label)
        return child

    def ask(self, gauge: str, value: Callable[[], float]) -> None:
        """Have a gauge asked for at every scrape instead of set, by its name here: ``ask("spool_bytes", ...)``."""
        getattr(self, gauge).set_function(value)
