"""Rows of the health dashboard: each stage, and where it is in time."""

from __future__ import annotations

from deploy.grafana.panels import GREEN, ORANGE, RED, Kind, Panel, Row, Step, Target

__all__ = ["SIGNALS", "TIME"]

SIGNALS = Row(
    title="The four signals of each stage",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Traffic",
            description="Records read a second. Zero at enrich, with nothing waiting: the source is silent.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (stage) (rate(vigie_records_total{job="vigie"}[$__rate_interval]))', legend="{{stage}}"
                ),
            ),
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="Errors",
            description="Dead letters a second, by stage and reason. `vigie dlq list` shows them.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (stage, reason) (rate(vigie_deadletters_total{job="vigie"}[$__rate_interval]))',
                    legend="{{stage}}: {{reason}}",
                ),
            ),
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="Latency",
            description="95 % of batches: from the append of their oldest record to their ack.",
            unit="s",
            queries=(
                Target(
                    expr="histogram_quantile(0.95, sum by (stage, le) "
                    '(rate(vigie_stage_delay_seconds_bucket{job="vigie"}[$__rate_interval])))',
                    legend="{{stage}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=10, colour=RED)),
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="Saturation",
            description="Share of its time that the busiest worker of a stage spends on batches. Near 1 it falls "
            "behind: see Capacity.",
            unit="percentunit",
            queries=(
                Target(
                    expr="max by (stage) (sum by (stage, instance) "
                    '(rate(vigie_batch_duration_seconds_sum{job="vigie"}[$__rate_interval])))',
                    legend="{{stage}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=0.7, colour=ORANGE), Step(at=0.9, colour=RED)),
            width=6,
        ),
    ),
)

TIME = Row(
    title="Time",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Records that wait, over time",
            description="Consumer lag by stage: records on the broker that are not processed yet.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (stage) (max by (stage, partition) (vigie_consumer_lag_records{job="vigie"}))',
                    legend="{{stage}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Behind in event time",
            description="While records wait: the clock minus the newest event time processed, of the worst partition. "
            "A replay of old tweets is as far behind as they are old, and no trouble.",
            unit="s",
            queries=(Target(expr='max by (stage) (vigie_consumer_lag_seconds{job="vigie"})', legend="{{stage}}"),),
        ),
        Panel(
            kind=Kind.LINES,
            title="Age of the watermark",
            description="The clock minus the time up to which the slowest partition is complete. It rises while the "
            "source is silent. Rising while tweets come in: VigieWatermarkStalled.",
            unit="s",
            queries=(
                Target(
                    expr='time() - min by (stage) (vigie_watermark_timestamp_seconds{job="vigie"})',
                    legend="{{stage}}",
                ),
            ),
        ),
    ),
)
