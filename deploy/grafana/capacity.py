"""The dashboard "Capacity": whether there is room for more, and what runs out first."""

from __future__ import annotations

from deploy.grafana.panels import GREEN, ORANGE, RED, YELLOW, Board, Kind, Panel, Row, Step, Target

__all__ = ["BOARD"]

_BUSY = (Step(at=None, colour=GREEN), Step(at=0.7, colour=ORANGE), Step(at=0.9, colour=RED))
_BUSY_SHARE = 'sum by (stage, instance) (rate(vigie_batch_duration_seconds_sum{job="vigie"}[$__rate_interval]))'

_NOW = Row(
    title="",
    panels=(
        Panel(
            kind=Kind.STAT,
            title="Busy",
            description="Share of its time that the busiest worker of each stage spends on batches. At 0.7 plan for "
            "another worker, at 0.9 it is late to.",
            unit="percentunit",
            queries=(Target(expr=f"max by (stage) ({_BUSY_SHARE})", legend="{{stage}}"),),
            steps=_BUSY,
            width=6,
            height=5,
            most=1,
        ),
        Panel(
            kind=Kind.STAT,
            title="Records a second it could do",
            description="The present pace over the busy share: what each stage could take in, if the load is spread as "
            "it is now. An estimate; poor when there is next to nothing to do.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (stage) (rate(vigie_records_total{job="vigie"}[$__rate_interval])) '
                    f"/ max by (stage) ({_BUSY_SHARE})",
                    legend="{{stage}}",
                ),
            ),
            steps=(Step(at=None, colour="blue"),),
            width=6,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Time to work off what waits",
            description="Consumer lag over the present pace, if nothing more came in.",
            unit="s",
            queries=(
                Target(
                    expr='sum by (stage) (max by (stage, partition) (vigie_consumer_lag_records{job="vigie"})) '
                    '/ sum by (stage) (rate(vigie_records_total{job="vigie"}[5m]))',
                    legend="{{stage}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=60, colour=YELLOW), Step(at=300, colour=RED)),
            width=6,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Memory of the largest worker",
            description="Resident memory by role. Compare it with the limit of the container or unit.",
            unit="bytes",
            queries=(
                Target(
                    expr='max by (role) (process_resident_memory_bytes{job="vigie"} '
                    '* on (instance) group_left (role) vigie_build_info{job="vigie"})',
                    legend="{{role}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1_000_000_000, colour=ORANGE)),
            width=6,
            height=5,
        ),
    ),
)

_WORK = Row(
    title="Work",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Records a second of each worker",
            description="Uneven lines: partitions are spread unevenly, or the keys are.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (stage, instance) (rate(vigie_records_total{job="vigie"}[$__rate_interval]))',
                    legend="{{stage}} {{instance}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Busy share of each worker",
            description="Time in batches, waiting for the broker's acks included.",
            unit="percentunit",
            queries=(Target(expr=_BUSY_SHARE, legend="{{stage}} {{instance}}"),),
            steps=_BUSY,
        ),
        Panel(
            kind=Kind.LINES,
            title="CPU of each worker",
            description="Cores in use. A worker uses one at most: busy without CPU is waiting for the broker.",
            unit="short",
            queries=(
                Target(expr='rate(process_cpu_seconds_total{job="vigie"}[$__rate_interval])', legend="{{instance}}"),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=0.9, colour=ORANGE)),
        ),
        Panel(
            kind=Kind.LINES,
            title="CPU a record",
            description="By stage and part. It rises with small batches, more brands a tweet, and new models.",
            unit="s",
            queries=(
                Target(
                    expr="sum by (stage, part) "
                    '(rate(vigie_step_cpu_seconds_total{job="vigie"}[$__rate_interval])) '
                    "/ on (stage) group_left "
                    'sum by (stage) (rate(vigie_records_total{job="vigie"}[$__rate_interval]))',
                    legend="{{stage}}: {{part}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Records a batch",
            description="Small batches: little to do. Batches at VIGIE_MAX_BATCH_RECORDS: catching up.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (stage) (rate(vigie_records_total{job="vigie"}[$__rate_interval])) '
                    '/ sum by (stage) (rate(vigie_batch_duration_seconds_count{job="vigie"}[$__rate_interval]))',
                    legend="{{stage}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Duration of a batch",
            description="99 % of batches, from being taken to being acked.",
            unit="s",
            queries=(
                Target(
                    expr="histogram_quantile(0.99, sum by (stage, le) "
                    '(rate(vigie_batch_duration_seconds_bucket{job="vigie"}[$__rate_interval])))',
                    legend="{{stage}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=5, colour=ORANGE)),
        ),
    ),
)

_ROOM = Row(
    title="Room",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Memory",
            description="Resident memory of each worker. A line that only rises is a leak; steps come with partitions.",
            unit="bytes",
            queries=(Target(expr='process_resident_memory_bytes{job="vigie"}', legend="{{instance}}"),),
        ),
        Panel(
            kind=Kind.LINES,
            title="State",
            description="Bytes of state by stage, as stored: what a worker reads when it takes partitions over.",
            unit="bytes",
            queries=(
                Target(
                    expr='sum by (stage) (max by (stage, partition) (vigie_state_bytes{job="vigie"}))',
                    legend="{{stage}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="State of a brand",
            description="Mean bytes at track. 2 to 6 KiB is usual; far more while raw partitions are hours apart.",
            unit="bytes",
            queries=(
                Target(
                    expr='sum(max by (partition) (vigie_state_bytes{job="vigie", stage="track"})) '
                    '/ sum(max by (partition) (vigie_state_brands{job="vigie", stage="track"}))',
                    legend="mean",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=8192, colour=ORANGE)),
        ),
        Panel(
            kind=Kind.LINES,
            title="Brands of each partition",
            description="Brands with state at track. One partition with most of them is the bottleneck.",
            unit="short",
            queries=(
                Target(
                    expr='max by (partition) (vigie_state_brands{job="vigie", stage="track"})',
                    legend="partition {{partition}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Records that wait, by partition",
            description="One partition behind while the others are not: its key or its worker, not the load.",
            unit="short",
            queries=(
                Target(
                    expr='max by (stage, partition) (vigie_consumer_lag_records{job="vigie"})',
                    legend="{{stage}} {{partition}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Records written",
            description="Acknowledged by the broker, a second, by topic.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (topic) (rate(vigie_published_records_total{job="vigie"}[$__rate_interval]))',
                    legend="{{topic}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Open files",
            description="Share of the limit, of each worker. Near 1: raise the limit (LimitNOFILE, ulimits).",
            unit="percentunit",
            queries=(
                Target(expr='process_open_fds{job="vigie"} / process_max_fds{job="vigie"}', legend="{{instance}}"),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=0.8, colour=RED)),
            most=1,
        ),
        Panel(
            kind=Kind.LINES,
            title="Garbage collections",
            description="Full collections (generation 2) a second, of each worker. Several a second eat CPU.",
            unit="reqps",
            queries=(
                Target(
                    expr='rate(python_gc_collections_total{job="vigie", generation="2"}[$__rate_interval])',
                    legend="{{instance}}",
                ),
            ),
        ),
    ),
)

BOARD = Board(
    uid="vigie-capacity",
    title="Capacity",
    description="Is there room for more, and what runs out first? The first row answers it.",
    rows=(_NOW, _WORK, _ROOM),
)
