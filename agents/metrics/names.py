"""Every metric of Vigie: its name, unit, labels and why it exists.

Labels are bounded sets: stages, reasons, topics, partitions, channels, and as many brands as the settings allow; never
an author, a hashtag, a tweet or a crisis. What counts up, and how long things take, is told where it happens
(:class:`Metrics`). What belongs to a partition or to a brand is asked for at every scrape (`_PARTITION_GAUGES`,
`_BRAND_GAUGES`): it is fresh though nothing happens, and gone from a worker that has lost the partition, so no two
workers report the same one.

Delays are taken with the wall clock of the worker against times of the broker or of tweets: clocks that differ
show in them. Nothing that Vigie decides depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest

from agents.metrics.brands import Brands
from agents.metrics.partitions import PartitionGauge, Partitions

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BATCH_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_DELAY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
_BANS = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 20.0)

_PARTITION_GAUGES: Mapping[str, PartitionGauge] = {
    "lag_records": PartitionGauge(
        "vigie_consumer_lag_records",
        "Records on the broker that are not processed yet, as of the last fetch: how far behind a stage is.",
    ),
    "lag_seconds": PartitionGauge(
        "vigie_consumer_lag_seconds",
        "Seconds from the newest event time processed to now while records wait, else 0: how old what we know is.",
    ),
    "watermark_ms": PartitionGauge(
        "vigie_watermark_timestamp_seconds",
        "Event time, in seconds since the epoch, up to which a partition is complete: minutes close behind it.",
    ),
    "newest_ms": PartitionGauge(
        "vigie_newest_event_timestamp_seconds",
        "Newest event time processed, in seconds since the epoch: whether the source still speaks.",
    ),
    "state_bytes": PartitionGauge(
        "vigie_state_bytes",
        "Bytes of state of a partition, as stored: what every rebalance reads anew.",
    ),
    "state_brands": PartitionGauge(
        "vigie_state_brands",
        "Brands with state (track), or with something pending (notify).",
    ),
    "learning_brands": PartitionGauge(
        "vigie_learning_brands",
        "Brands whose baseline has not been learnt yet, so that they raise nothing above watch.",
        labels=("partition",),
    ),
    "unproven_s": PartitionGauge(
        "vigie_erasure_oldest_seconds",
        "Seconds since the append of the oldest compliance notice that is not proven: X gives a day for it.",
        labels=("partition",),
    ),
}

_BRAND_GAUGES: Mapping[str, tuple[str, str]] = {
    "level": ("vigie_brand_level", "Crisis level, 0 calm to 4 severe; of the others, the highest."),
    "mentions": ("vigie_brand_mentions_last_hour", "Mentions in the last hour of event time."),
    "expected": ("vigie_brand_mentions_last_hour_expected", "Mentions expected in that hour."),
    "negative_share": ("vigie_brand_negative_share_ratio", "Negative share of the last hour's mentions, 0 to 1."),
    "usual_share": ("vigie_brand_negative_share_expected_ratio", "The usual negative share, 0 to 1."),
    "waiting": (
        "vigie_brand_questions_waiting",
        "Questions that wait for an answer in an open crisis, as of its newest situation; 0 otherwise.",
    ),
    "missed": (
        "vigie_brand_updates_missed",
        "Updates of its own that the brand has missed in a row in an open crisis; of the others, the most.",
    ),
    "unobserved": (
        "vigie_brand_unobserved_ratio",
        "Share of the last hour of event time in which input is known to be missing, 0 to 1: low is no calm then.",
    ),
}


class Metrics:
    """One worker's metrics, in a registry of its own.

    Parameters
    ----------
    brands : int
        How many brands have a label of their own; the rest share ``other``.
    """

    def __init__(self, brands: int = 200) -> None:
        # A second series for each counter, of which Prometheus makes no use.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.partitions = Partitions(_PARTITION_GAUGES)
        """Gauges by partition: a stage says whom to ask for them."""
        self.registry.register(self.partitions)
        self.brands = Brands(_BRAND_GAUGES, brands)
        """Gauges by brand: track says whom to ask for them."""
        self.registry.register(self.brands)
        self._define_worker()
        self._define_stages()
        self._define_enrich()
        self._define_track()
        self._define_notify()
        self._define_erase()

    def _define_worker(self) -> None:
        self.build = Info(
            "vigie_build",
            "Version and role of the worker, always 1: which versions run, and since when.",
            registry=self.registry,
        )
        self.ready = self._gauge(
            "vigie_worker_ready", "1 when partitions are assigned and their state is recovered, else 0.", "stage"
        )
        self.holding = self._gauge(
            "vigie_worker_holding",
            "1 while a write is refused or unanswered and the worker waits for the broker, else 0.",
            "stage",
        )
        self.rebalances = self._counter(
            "vigie_rebalances",
            "Times that partitions were assigned: each stops the work and reads state anew.",
            "stage",
        )
        self.published = self._counter(
            "vigie_published_records", "Records written and acknowledged: the traffic out.", "topic"
        )
        self.publish_failures = self._counter(
            "vigie_publish_failures", "Writes refused by the broker and tried again.", "topic"
        )
        self.watchlist_brands = Gauge(
            "vigie_watchlist_brands", "Brands on the watchlist that this worker has in force.", registry=self.registry
        )
        self.reload_successful = Gauge(
            "vigie_last_reload_successful",
            "1 when a file (watchlist, notify) is in force as it is; 0 after a change that could not be used.",
            ["file"],
            registry=self.registry,
        )

    def _define_stages(self) -> None:
        self.records = self._counter("vigie_records", "Records read and done with: the traffic in.", "stage")
        self.batches = self._histogram(
            "vigie_batch_duration_seconds",
            "Wall time from taking a batch to acking it: latency, and the rate of the sum is the busy share.",
            _BATCH_SECONDS,
            "stage",
        )
        self.step_cpu = self._counter(
            "vigie_step_cpu_seconds",
            "CPU time inside a stage, by part: decode, compute, encode.",
            "stage",
            "part",
        )
        self.stage_delay = self._histogram(
            "vigie_stage_delay_seconds",
            "From the append of a batch's oldest record, by the broker's timestamp, to the batch's ack.",
            _DELAY_SECONDS,
            "stage",
        )
        self.deadletters = self._counter(
            "vigie_deadletters",
            "Dead letters, by why the record could not be used: the errors. A record may give several.",
            "stage",
            "reason",
        )
        self.state_problems = self._counter(
            "vigie_state_problems", "State records that could not be used as they were, by reason.", "reason"
        )

    def _define_enrich(self) -> None:
        self.tweets = self._counter(
            "vigie_tweets",
            "What became of raw records. Tweets: tweets, and of these duplicates, unmatched, late. Mentions: mentions. "
            "Records: skipped (read before), compliance, ignored. Gap records: gaps, and of these gaps_cut; "
            "gaps_too_late, compliance_gaps.",
            "outcome",
        )

    def _define_track(self) -> None:
        self.mentions_dropped = self._counter(
            "vigie_mentions_dropped",
            "Mentions that were not counted: duplicate, late, closed (late after idleness), misdated.",
            "reason",
        )
        self.gaps_marked = self._counter(
            "vigie_gaps_marked",
            "Gap records read from the mentions, one of each raw partition: marked, cut (some of it had been closed, "
            "or it is longer than a week), closed (all of it had been).",
            "mark",
        )
        self.windows_closed = self._counter(
            "vigie_windows_closed", "Minutes of a brand that were closed and published."
        )
        self.window_delay = self._histogram(
            "vigie_window_delay_seconds",
            "Until the broker has acked a window, since its end (event), or since the append of the raw record whose "
            "watermark closed it (append; an upper bound): freshness.",
            _DELAY_SECONDS,
            "since",
        )
        self.crisis_delay = self._histogram(
            "vigie_crisis_delay_seconds",
            "Until the broker has acked a crisis event, since its time (event), or since the append of the raw record "
            "whose watermark brought it (append; an upper bound).",
            _DELAY_SECONDS,
            "since",
        )
        self.score = self._histogram(
            "vigie_score", "Surprise of closed minutes of brands, in bans: whether the model still fits.", _BANS
        )
        self.crisis_events = self._counter(
            "vigie_crisis_events",
            "Crisis events published; one published again after a crash counts again.",
            "type",
            "level",
        )
        self.alarms = self._counter(
            "vigie_alarms",
            "Crises that reached a level, 2 to 4, for the first time; one that jumps counts at each level it passes.",
            "level",
        )

        self.situations = self._counter(
            "vigie_situations", "Situations published; one published again after a crash counts again."
        )
        self.communication_overdue = self._counter(
            "vigie_communication_overdue",
            "Times that a brand had said nothing for an interval of the playbook, by the level of its crisis.",
            "level",
        )

        self.feedback = self._counter(
            "vigie_feedback",
            "Feedback taken, once each: confirm, snooze (reason none), and dismiss with its reason.",
            "verdict",
            "reason",
        )
        self.crises_judged = self._counter(
            "vigie_crises_judged",
            "Crises that people confirmed or dismissed, each once a verdict, by reason and by the highest level until "
            "then: precision.",
            "verdict",
            "reason",
            "level",
        )

    def _define_notify(self) -> None:
        self.notifications = self._counter(
            "vigie_notifications",
            "Notifications that ended: delivered, dead, withheld_quiet, withheld_budget, superseded.",
            "channel",
            "result",
        )
        self.notification_attempts = self._counter(
            "vigie_notification_attempts",
            "Calls to a receiver, by outcome: ok, retry (it may go better later), refused (it will not).",
            "channel",
            "outcome",
        )
        self.notification_delay = self._histogram(
            "vigie_notification_delay_seconds",
            "From the append of a crisis event, by the broker's timestamp, to the receiver's yes.",
            _DELAY_SECONDS,
            "channel",
        )
        self.notifications_pending = self._gauge(
            "vigie_notifications_pending", "Notifications that wait to be delivered.", "channel"
        )

    def _define_erase(self) -> None:
        self.notices = self._counter(
            "vigie_compliance_notices", "Compliance notices read, by what they ask; some ask nothing of us.", "kind"
        )
        self.erasures = self._counter(
            "vigie_erasures", "Erasures broadcast to the trackers, of up to 1,000 posts and 1,000 authors each."
        )
        self.events_redacted = self._counter(
            "vigie_events_redacted", "Events of crises published again without posts that were withdrawn."
        )

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self.registry)

    def _gauge(self, name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(name, documentation, labels, registry=self.registry)

    def _histogram(self, name: str, documentation: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, documentation, labels, buckets=buckets, registry=self.registry)

    def about_worker(self, role: str, release: str, *, ready: Callable[[], bool], holding: Callable[[], bool]) -> None:
        """Say who the worker is, and whom to ask at every scrape how it does."""
        self.build.info({"version": release, "role": role})
        self.ready.labels(role).set_function(ready)
        self.holding.labels(role).set_function(holding)
        self.rebalances.labels(role)

    def expose(self) -> bytes:
        """Return the registry in Prometheus' text format."""
        return generate_latest(self.registry)
