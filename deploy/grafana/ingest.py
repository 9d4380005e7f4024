"""Row of the health dashboard: the way in, from the sources to Kafka."""

from __future__ import annotations

from deploy.grafana.panels import GREEN, ORANGE, RED, Kind, Panel, Row, Step, Target

__all__ = ["INGEST"]

INGEST = Row(
    title="The way in (with vigie ingest)",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Posts from sources",
            description="What each source gives, and what Kafka has acknowledged, a second. If the second line stays "
            "below the first: VigieIngestSpooling.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (source) (rate(vigie_ingest_posts_total{job="vigie"}[$__rate_interval]))',
                    legend="{{source}} gives",
                ),
                Target(
                    expr='sum by (source) (rate(vigie_ingest_stored_total{job="vigie"}[$__rate_interval]))',
                    legend="{{source}} stored",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Input that is missing",
            description="Seconds of a source's time that were recorded as missing within the hour before, by reason. "
            "Minutes without input are unobserved, not calm: VigieIngestGap.",
            unit="s",
            queries=(
                Target(
                    expr='sum by (source, reason) (increase(vigie_ingest_gap_seconds_total{job="vigie"}[1h]))',
                    legend="{{source}}: {{reason}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1, colour=ORANGE), Step(at=300, colour=RED)),
        ),
        Panel(
            kind=Kind.LINES,
            title="Posts dropped",
            description="Within the hour before: what the spool could not take or keep. Each lies in a recorded gap.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (source) (increase(vigie_ingest_dropped_total{job="vigie"}[1h]))', legend="{{source}}"
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1, colour=RED)),
        ),
        Panel(
            kind=Kind.LINES,
            title="Spool",
            description="Share of the room on disk that is used by posts that wait for Kafka, and whether Kafka takes "
            "none. At one half: VigieIngestSpooling. Full: posts are dropped.",
            unit="percentunit",
            queries=(
                Target(
                    expr='max by (source) (vigie_ingest_spool_bytes{job="vigie"} '
                    '/ (vigie_ingest_spool_limit_bytes{job="vigie"} > 0))',
                    legend="{{source}}",
                ),
                Target(expr='max by (source) (vigie_ingest_holding{job="vigie"})', legend="{{source}} holds"),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=0.5, colour=RED)),
            most=1,
        ),
        Panel(
            kind=Kind.LINES,
            title="Oldest post in the spool",
            description="How long it has waited for Kafka. Usual is less than a second; after 20 hours it is dropped.",
            unit="s",
            queries=(
                Target(expr='max by (source) (vigie_ingest_spool_oldest_seconds{job="vigie"})', legend="{{source}}"),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=300, colour=RED)),
        ),
        Panel(
            kind=Kind.LINES,
            title="Connections to sources",
            description="Open now, by source; files have none. At 0 for two minutes: VigieIngestDisconnected.",
            unit="short",
            queries=(Target(expr='sum by (source) (vigie_ingest_connections{job="vigie"})', legend="{{source}}"),),
        ),
        Panel(
            kind=Kind.LINES,
            title="Disconnects",
            description="Connections that ended or were not made, within 15 minutes, by reason. X counts them, too.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (source, reason) (increase(vigie_ingest_disconnects_total{job="vigie"}[15m]))',
                    legend="{{source}}: {{reason}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=25, colour=ORANGE)),
        ),
        Panel(
            kind=Kind.LINES,
            title="Passed over",
            description="What sources say and nobody needs, a second: keep-alives, posts about no brand of ours.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (source, what) (rate(vigie_ingest_passed_over_total{job="vigie"}[$__rate_interval]))',
                    legend="{{source}}: {{what}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Rules at sources",
            description="Rules of Vigie that are in force, and whether they are not those of the watchlist: "
            "VigieIngestRulesStale.",
            unit="short",
            queries=(
                Target(expr='max by (source) (vigie_ingest_rules{job="vigie"})', legend="{{source}}: rules"),
                Target(
                    expr='max by (source) (vigie_ingest_rules_synced{job="vigie"} == bool 0)',
                    legend="{{source}}: stale",
                ),
            ),
        ),
    ),
)
