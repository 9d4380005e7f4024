"""The dashboard for whoever is on call, "Is Vigie healthy?"."""

from __future__ import annotations

from deploy.grafana.ingest import INGEST
from deploy.grafana.panels import GREEN, ORANGE, RED, YELLOW, Board, Kind, Panel, Row, Step, Target
from deploy.grafana.stages import SIGNALS, TIME
from deploy.grafana.troubles import DELIVERY, ERASURE, TROUBLE

__all__ = ["BOARD"]

_OBJECTIVE_99 = (Step(at=None, colour=RED), Step(at=0.99, colour=GREEN))
_OBJECTIVE_999 = (Step(at=None, colour=RED), Step(at=0.999, colour=GREEN))

_NOW = Row(
    title="",
    panels=(
        Panel(
            kind=Kind.STAT,
            title="Alerts that fire",
            description="Alerts on Vigie itself, pages and tickets. Each has a page in deploy/runbooks.",
            unit="short",
            queries=(
                Target(expr='count(ALERTS{alertstate="firing", alertname=~"Vigie.+"}) or vector(0)', legend="firing"),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1, colour=RED)),
            width=3,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Ready",
            description="Whether a stage has a worker with partitions and recovered state. No: VigieWorkerNotReady.",
            unit="short",
            queries=(Target(expr='max by (stage) (vigie_worker_ready{job="vigie"})', legend="{{stage}}"),),
            steps=(Step(at=None, colour=RED), Step(at=1, colour=GREEN)),
            values={0: ("no", RED), 1: ("yes", GREEN)},
            width=5,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Records that wait",
            description="Consumer lag of each stage. Normal is near 0; what counts is whether it falls.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (stage) (max by (stage, partition) (vigie_consumer_lag_records{job="vigie"}))',
                    legend="{{stage}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=10_000, colour=YELLOW), Step(at=100_000, colour=RED)),
            width=5,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Fresh windows",
            description="Share of the windows that were acked within 10 s of the append of the record that closed "
            "them, over the time shown. Objective: 99 %.",
            unit="percentunit",
            queries=(
                Target(
                    expr='sum(rate(vigie_window_delay_seconds_bucket{job="vigie", since="append", '
                    'le=~"10(\\\\.0)?"}[$__range])) '
                    '/ sum(rate(vigie_window_delay_seconds_count{job="vigie", since="append"}[$__range]))',
                    legend="fresh",
                ),
            ),
            steps=_OBJECTIVE_99,
            width=3,
            height=5,
            most=1,
        ),
        Panel(
            kind=Kind.STAT,
            title="Records used",
            description="Share of the raw records that ended neither as dead letters nor as late tweets, over the "
            "time shown. Objective: 99.9 %.",
            unit="percentunit",
            queries=(
                Target(
                    expr='1 - (sum(rate(vigie_deadletters_total{job="vigie", stage="enrich"}[$__range])) '
                    '+ sum(rate(vigie_tweets_total{job="vigie", outcome="late"}[$__range]))) '
                    '/ sum(rate(vigie_records_total{job="vigie", stage="enrich"}[$__range]))',
                    legend="used",
                ),
            ),
            steps=_OBJECTIVE_999,
            width=4,
            height=5,
            most=1,
        ),
        Panel(
            kind=Kind.STAT,
            title="Notifications delivered",
            description="Of those that ended, the share that was delivered and not given up, over the time shown. "
            "Objective: 99.9 %. Nothing is shown without the notify role.",
            unit="percentunit",
            queries=(
                Target(
                    expr='sum(rate(vigie_notifications_total{job="vigie", result="delivered"}[$__range])) '
                    '/ sum(rate(vigie_notifications_total{job="vigie", result=~"delivered|dead"}[$__range]))',
                    legend="delivered",
                ),
            ),
            steps=_OBJECTIVE_999,
            width=4,
            height=5,
            most=1,
        ),
    ),
)

_OBJECTIVES = Row(
    title="Objectives",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Budget burn, last hour",
            description="How many times faster than allowed the error budget of 30 days is used up. At 1 it lasts for "
            "30 days; at 6 and 14.4 somebody is paged.",
            unit="short",
            queries=(
                Target(expr='job:vigie_freshness_errors:ratio_rate1h{job="vigie"} / 0.01', legend="freshness"),
                Target(expr='job:vigie_loss_errors:ratio_rate1h{job="vigie"} / 0.001', legend="loss"),
                Target(
                    expr='job_channel:vigie_delivery_errors:ratio_rate1h{job="vigie"} / 0.001',
                    legend="delivery, {{channel}}",
                ),
            ),
            steps=(
                Step(at=None, colour=GREEN),
                Step(at=1, colour=YELLOW),
                Step(at=6, colour=ORANGE),
                Step(at=14.4, colour=RED),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Delay of windows since the append",
            description="From the append of the raw record that closed a window to the window's ack. Above 10 s it "
            "counts against freshness.",
            unit="s",
            queries=tuple(
                Target(
                    expr=f"histogram_quantile({q}, sum by (le) "
                    '(rate(vigie_window_delay_seconds_bucket{job="vigie", since="append"}[$__rate_interval])))',
                    legend=f"{name} of windows",
                )
                for q, name in ((0.5, "half"), (0.99, "99 %"))
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=10, colour=RED)),
        ),
        Panel(
            kind=Kind.LINES,
            title="Delay of crises",
            description="99 % of crisis events: since their own time (which a replay makes large) and since the append "
            "of the record that brought them.",
            unit="s",
            queries=(
                Target(
                    expr="histogram_quantile(0.99, sum by (since, le) "
                    '(rate(vigie_crisis_delay_seconds_bucket{job="vigie"}[$__range])))',
                    legend="since {{since}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=120, colour=ORANGE)),
        ),
    ),
)

BOARD = Board(
    uid="vigie-health",
    title="Is Vigie healthy?",
    description="The first row answers it; the others say where it hurts.",
    rows=(_NOW, _OBJECTIVES, INGEST, SIGNALS, TIME, DELIVERY, ERASURE, TROUBLE),
)
