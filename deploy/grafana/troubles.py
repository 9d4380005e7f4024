"""Rows of the health dashboard: delivery, erasure, and what goes wrong now and then."""

from __future__ import annotations

from deploy.grafana.panels import GREEN, ORANGE, RED, Kind, Panel, Row, Step, Target

__all__ = ["DELIVERY", "ERASURE", "TROUBLE"]

_MORE_IS_WORSE = (Step(at=None, colour=GREEN), Step(at=1, colour=RED))

DELIVERY = Row(
    title="Delivery (with the notify role)",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Notifications that ended",
            description="By channel and result, over the rate interval. Withheld and superseded ones are as the "
            "rules of the channel want it; dead ones are in the dead letters.",
            unit="short",
            queries=(
                Target(
                    expr="sum by (channel, result) "
                    '(increase(vigie_notifications_total{job="vigie"}[$__rate_interval]))',
                    legend="{{channel}}: {{result}}",
                ),
            ),
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="Attempts",
            description="Calls to receivers by outcome. Many retries: the receiver is down or slow. Refused: it will "
            "never take that one.",
            unit="short",
            queries=(
                Target(
                    expr="sum by (channel, outcome) "
                    '(increase(vigie_notification_attempts_total{job="vigie"}[$__rate_interval]))',
                    legend="{{channel}}: {{outcome}}",
                ),
            ),
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="Waiting to be delivered",
            description="Above 0 for a quarter of an hour while nothing gets through: VigieNotificationsStuck.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (channel) (vigie_notifications_pending{job="vigie"})',
                    legend="{{channel}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1, colour=ORANGE)),
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="Delay of notifications",
            description="95 %: from the append of the crisis event to the receiver's yes.",
            unit="s",
            queries=(
                Target(
                    expr="histogram_quantile(0.95, sum by (channel, le) "
                    '(rate(vigie_notification_delay_seconds_bucket{job="vigie"}[$__range])))',
                    legend="{{channel}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=60, colour=ORANGE)),
            width=6,
        ),
    ),
)

ERASURE = Row(
    title="Erasure (what was deleted on X)",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Oldest notice that is not proven",
            description="Two to three hours are usual where an event of a crisis named the post, a quarter of an hour "
            "where none did. Above 6 hours: VigieErasureOverdue. X gives 24.",
            unit="s",
            queries=(Target(expr='max(vigie_erasure_oldest_seconds{job="vigie"})', legend="oldest notice"),),
            steps=(Step(at=None, colour=GREEN), Step(at=21_600, colour=ORANGE), Step(at=72_000, colour=RED)),
        ),
        Panel(
            kind=Kind.LINES,
            title="Compliance notices",
            description="By what X asks. Those that undo something, and scrub_geo, ask nothing of Vigie.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (kind) (increase(vigie_compliance_notices_total{job="vigie"}[$__rate_interval]))',
                    legend="{{kind}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Erasures and redacted events",
            description="Erasures told to the trackers, of up to 1,000 posts each, and events of crises published "
            "again without posts that were withdrawn.",
            unit="short",
            queries=(
                Target(expr='sum(increase(vigie_erasures_total{job="vigie"}[$__rate_interval]))', legend="erasures"),
                Target(
                    expr='sum(increase(vigie_events_redacted_total{job="vigie"}[$__rate_interval]))',
                    legend="events redacted",
                ),
            ),
        ),
    ),
)

TROUBLE = Row(
    title="Trouble",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Workers that answer",
            description="Processes by role and version. Two versions for longer than a deploy: it is stuck.",
            unit="short",
            queries=(
                Target(expr='count by (role, version) (vigie_build_info{job="vigie"})', legend="{{role}} {{version}}"),
            ),
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="Starts and rebalances",
            description="Within 15 minutes. 3 starts of one worker: VigieWorkerRestarting. Each rebalance stops a "
            "stage for seconds.",
            unit="short",
            queries=(
                Target(
                    expr='max(changes(process_start_time_seconds{job="vigie"}[15m]))', legend="starts of one worker"
                ),
                Target(
                    expr='sum by (stage) (increase(vigie_rebalances_total{job="vigie"}[15m]))',
                    legend="rebalances of {{stage}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=3, colour=RED)),
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="Writes that the broker refuses",
            description="By topic, a second, and whether a stage holds because of it. VigieWorkerHolds says what to do "
            "for each reason.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (topic) (rate(vigie_publish_failures_total{job="vigie"}[$__rate_interval]))',
                    legend="{{topic}}",
                ),
                Target(expr='max by (stage) (vigie_worker_holding{job="vigie"})', legend="{{stage}} holds"),
            ),
            steps=_MORE_IS_WORSE,
            width=6,
        ),
        Panel(
            kind=Kind.LINES,
            title="State and files",
            description="State records that were not used as they were, within an hour; and workers that could not use "
            "a changed watchlist or notification file, so that the one before is in force.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (reason) (increase(vigie_state_problems_total{job="vigie"}[1h]))',
                    legend="state: {{reason}}",
                ),
                Target(
                    expr='sum by (file) (vigie_last_reload_successful{job="vigie"} == bool 0)',
                    legend="{{file}} refused",
                ),
            ),
            steps=_MORE_IS_WORSE,
            width=6,
        ),
    ),
)
