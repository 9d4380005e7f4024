"""Every metric of Vigie: its name, unit, labels and why it exists. Labels are bounded sets."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OTHER = "other"


class Metrics:
    """One worker's metrics, in a registry of its own.

    Parameters
    ----------
    brands : int
        How many brands have a label of their own; the rest share ``other``.
    """

    def __init__(self, brands: int = 200) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._brand_limit = brands
        self._brands: set[str] = set()
        registry = self.registry
        self.records = Counter("vigie_records", "Records read, by stage.", ["stage"], registry=registry)
        self.batches = Histogram(
            "vigie_batch_duration_seconds",
            "Wall time from taking a batch to acking it, by stage.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.step_cpu = Counter(
            "vigie_step_cpu_seconds",
            "CPU time inside a stage, by part: decode, compute, encode, state.",
            ["stage", "part"],
            registry=registry,
        )
        self.published = Counter(
            "vigie_published_records", "Records written and acknowledged, by topic.", ["topic"], registry=registry
        )
        self.publish_failures = Counter(
            "vigie_publish_failures",
            "Writes refused by the broker and tried again, by topic.",
            ["topic"],
            registry=registry,
        )
        self.deadletters = Counter(
            "vigie_deadletters",
            "Records that could not be used, by stage and reason.",
            ["stage", "reason"],
            registry=registry,
        )
        self.tweets = Counter(
            "vigie_tweets",
            "Tweets by what became of them: mentioned, unmatched, duplicate, late, skipped, compliance, ignored.",
            ["outcome"],
            registry=registry,
        )
        self.mentions_dropped = Counter(
            "vigie_mentions_dropped",
            "Mentions in no bucket, by reason: duplicate, late, late_after_idle.",
            ["reason"],
            registry=registry,
        )
        self.watermark = Gauge(
            "vigie_watermark_timestamp_seconds",
            "Event time up to which a partition is complete.",
            ["stage", "partition"],
            registry=registry,
        )
        self.lag = Gauge(
            "vigie_consumer_lag_records",
            "Records not read yet, by stage and partition.",
            ["stage", "partition"],
            registry=registry,
        )
        self.state_bytes = Gauge(
            "vigie_state_bytes", "Encoded state of a partition's brands.", ["partition"], registry=registry
        )
        self.state_brands = Gauge(
            "vigie_state_brands", "Brands with state, by partition.", ["partition"], registry=registry
        )
        self.state_problems = Counter(
            "vigie_state_problems", "State records that could not be used, by reason.", ["reason"], registry=registry
        )
        self.brand_level = Gauge(
            "vigie_brand_level", "Crisis level of a brand, 0 calm to 4 severe.", ["brand"], registry=registry
        )
        self.brand_volume = Gauge(
            "vigie_brand_mentions_last_hour", "Mentions in the last hour of event time.", ["brand"], registry=registry
        )
        self.brand_expected = Gauge(
            "vigie_brand_mentions_last_hour_expected", "Mentions expected in that hour.", ["brand"], registry=registry
        )
        self.brand_negative = Gauge(
            "vigie_brand_negative_share_ratio", "Negative share of the last hour, 0 to 1.", ["brand"], registry=registry
        )
        self.crisis_events = Counter(
            "vigie_crisis_events", "Crisis events published, by type and level.", ["type", "level"], registry=registry
        )
        self.watchlist_reloads = Counter(
            "vigie_watchlist_reloads",
            "Attempts to read the watchlist again, by result: ok, error.",
            ["result"],
            registry=registry,
        )
        self.watchlist_brands = Gauge("vigie_watchlist_brands", "Brands on the watchlist.", registry=registry)

    def brand_label(self, brand: str) -> str:
        """Return the brand, or ``other`` once the limit of labels is reached."""
        if brand in self._brands:
            return brand
        if len(self._brands) >= self._brand_limit:
            return _OTHER
        self._brands.add(brand)
        return brand

    def expose(self) -> bytes:
        """Return the registry in Prometheus' text format."""
        return generate_latest(self.registry)
