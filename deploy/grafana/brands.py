"""The dashboard for the crisis team, "What is happening to our brands?"."""

from __future__ import annotations

from deploy.grafana.panels import GREEN, LEVELS, ORANGE, RED, YELLOW, Board, Kind, Panel, Row, Step, Target

__all__ = ["BOARD"]

_LEVEL_STEPS = tuple(Step(at=level or None, colour=colour) for level, (_name, colour) in sorted(LEVELS.items()))

_NOW = Row(
    title="",
    panels=(
        Panel(
            kind=Kind.STAT,
            title="Highest level",
            description="The worst of the chosen brands: 0 calm, 1 watch, 2 alert, 3 crisis, 4 severe.",
            unit="short",
            queries=(Target(expr='max(vigie_brand_level{job="vigie", brand=~"$brand"})', legend="level"),),
            steps=_LEVEL_STEPS,
            values=LEVELS,
            width=4,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Brands at alert or above",
            description="Brands that people are called for. The band below says which.",
            unit="short",
            queries=(
                Target(
                    expr='count(max by (brand) (vigie_brand_level{job="vigie", brand=~"$brand"}) >= 2) or vector(0)',
                    legend="brands",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1, colour=ORANGE)),
            width=4,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Alarms",
            description="Crises of all brands that reached alert, crisis and severe for the first time, over the time "
            "shown.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (level) (increase(vigie_alarms_total{job="vigie"}[$__range]))',
                    legend="level {{level}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1, colour=YELLOW)),
            width=6,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Mentions in the last hour",
            description="Of the chosen brands, against what is expected.",
            unit="short",
            queries=(
                Target(
                    expr='sum(max by (brand) (vigie_brand_mentions_last_hour{job="vigie", brand=~"$brand"}))',
                    legend="observed",
                ),
                Target(
                    expr='sum(max by (brand) (vigie_brand_mentions_last_hour_expected{job="vigie", brand=~"$brand"}))',
                    legend="expected",
                ),
            ),
            steps=(Step(at=None, colour="blue"),),
            width=6,
            height=5,
        ),
        Panel(
            kind=Kind.STAT,
            title="Brands still learning",
            description="Share of the brands whose baseline has not been learnt: nothing of theirs is told above "
            "watch. More than half for 36 hours: VigieModelLearning.",
            unit="percentunit",
            queries=(
                Target(
                    expr='sum(max by (partition) (vigie_learning_brands{job="vigie"})) '
                    '/ sum(max by (partition) (vigie_state_brands{job="vigie", stage="track"}))',
                    legend="learning",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=0.5, colour=ORANGE)),
            width=4,
            height=5,
            most=1,
        ),
        Panel(
            kind=Kind.STATES,
            title="Level of each brand",
            description="When each brand was calm, and when not. The brand `other` stands for those without a label of "
            "their own, with the highest of their levels.",
            unit="short",
            queries=(
                Target(
                    expr='max by (brand) (vigie_brand_level{job="vigie", brand=~"$brand"})',
                    legend="{{brand}}",
                ),
            ),
            steps=_LEVEL_STEPS,
            values=LEVELS,
            width=24,
            height=8,
        ),
    ),
)

_BRANDS = Row(
    title="What people say",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Input that is missing",
            description="Share of the last hour in which the ingester says that posts are missing. What is low then "
            "is no calm: such minutes raise nothing, calm nothing and teach nothing.",
            unit="percentunit",
            queries=(
                Target(
                    expr='max by (brand) (vigie_brand_unobserved_ratio{job="vigie", brand=~"$brand"})',
                    legend="{{brand}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=0.01, colour=ORANGE), Step(at=0.5, colour=RED)),
            width=12,
            most=1,
        ),
        Panel(
            kind=Kind.LINES,
            title="Gaps that were known too late",
            description="Gap records within a day of which some, or all, had been counted as observed before they "
            "came. The log of enrich names the times; a replay of the log with the gap in its place puts it right.",
            unit="short",
            queries=(
                Target(
                    expr="sum by (outcome) "
                    '(increase(vigie_tweets_total{job="vigie", outcome=~"gaps_cut|gaps_too_late"}[1d]))',
                    legend="{{outcome}}",
                ),
                Target(
                    expr='sum by (mark) (increase(vigie_gaps_marked_total{job="vigie", mark=~"cut|closed"}[1d]))',
                    legend="in track: {{mark}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1, colour=ORANGE)),
            width=12,
        ),
        Panel(
            kind=Kind.LINES,
            title="Mentions against expectation",
            description="Mentions in the last hour of event time, and what is usual for that hour.",
            unit="short",
            queries=(
                Target(
                    expr='max by (brand) (vigie_brand_mentions_last_hour{job="vigie", brand=~"$brand"})',
                    legend="{{brand}}",
                ),
                Target(
                    expr='max by (brand) (vigie_brand_mentions_last_hour_expected{job="vigie", brand=~"$brand"})',
                    legend="{{brand}}, expected",
                ),
            ),
            width=12,
        ),
        Panel(
            kind=Kind.LINES,
            title="Negative share against the usual",
            description="Share of the last hour's mentions that are negative, and what is usual. With few mentions it "
            "jumps: Vigie tests the change and does not compare the numbers.",
            unit="percentunit",
            queries=(
                Target(
                    expr='max by (brand) (vigie_brand_negative_share_ratio{job="vigie", brand=~"$brand"})',
                    legend="{{brand}}",
                ),
                Target(
                    expr='max by (brand) (vigie_brand_negative_share_expected_ratio{job="vigie", brand=~"$brand"})',
                    legend="{{brand}}, usual",
                ),
            ),
            width=12,
            most=1,
        ),
        Panel(
            kind=Kind.LINES,
            title="Mentions, as a multiple of the usual",
            description="1 is usual. Brands of any size beside each other.",
            unit="short",
            queries=(
                Target(
                    expr='max by (brand) (vigie_brand_mentions_last_hour{job="vigie", brand=~"$brand"}) '
                    "/ clamp_min(max by (brand) "
                    '(vigie_brand_mentions_last_hour_expected{job="vigie", brand=~"$brand"}), 1)',
                    legend="{{brand}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=2, colour=YELLOW), Step(at=5, colour=RED)),
            width=12,
        ),
        Panel(
            kind=Kind.LINES,
            title="Crisis events",
            description="Of all brands, by type, within the rate interval.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (type) (increase(vigie_crisis_events_total{job="vigie"}[$__rate_interval]))',
                    legend="{{type}}",
                ),
            ),
            width=12,
        ),
    ),
)

_ANSWERS = Row(
    title="What we say",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Questions that wait for an answer",
            description="In open crises, as of the newest situation. `vigie situation BRAND` says what they are about "
            "and since when they wait.",
            unit="short",
            queries=(
                Target(
                    expr='max by (brand) (vigie_brand_questions_waiting{job="vigie", brand=~"$brand"})',
                    legend="{{brand}}",
                ),
            ),
            width=12,
        ),
        Panel(
            kind=Kind.LINES,
            title="Updates missed in a row",
            description="Intervals of the playbook in which a brand with an open crisis has said nothing. "
            "`vigie playbook show` says how long they are.",
            unit="short",
            queries=(
                Target(
                    expr='max by (brand) (vigie_brand_updates_missed{job="vigie", brand=~"$brand"})',
                    legend="{{brand}}",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=1, colour=ORANGE), Step(at=3, colour=RED)),
            width=12,
        ),
        Panel(
            kind=Kind.LINES,
            title="Overdue updates told of",
            description="Of all brands, by the level of the crisis, within a day.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (level) (increase(vigie_communication_overdue_total{job="vigie"}[1d]))',
                    legend="level {{level}}",
                ),
            ),
            width=12,
        ),
        Panel(
            kind=Kind.LINES,
            title="Situations published",
            description="Of all brands, an hour. None while a brand is at alert or above: no minutes close.",
            unit="short",
            queries=(Target(expr='sum(increase(vigie_situations_total{job="vigie"}[1h]))', legend="situations"),),
            width=12,
        ),
    ),
)

_JUDGED = Row(
    title="Were the alarms right?",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="What people made of alarms",
            description="Crises of all brands that were confirmed or dismissed within 30 days, dismissals by their "
            "reason. The runbook giving-feedback says how.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (verdict, reason) (increase(vigie_crises_judged_total{job="vigie"}[30d]))',
                    legend="{{verdict}}: {{reason}}",
                ),
            ),
            width=12,
        ),
        Panel(
            kind=Kind.LINES,
            title="Precision",
            description="Confirmed crises, of those that were confirmed or dismissed within 30 days. Nothing is shown "
            "when nobody has said anything.",
            unit="percentunit",
            queries=(Target(expr="job:vigie_crisis_precision:ratio", legend="precision"),),
            steps=(Step(at=None, colour=RED), Step(at=0.5, colour=ORANGE), Step(at=0.8, colour=GREEN)),
            width=12,
            most=1,
        ),
    ),
)

_MODEL = Row(
    title="Does the model fit? (all brands)",
    panels=(
        Panel(
            kind=Kind.LINES,
            title="Alarms a brand-day",
            description="Crises that reached alert within a day, for each brand of the watchlist. Measured on quiet "
            "brands: 0.02. Above 0.2: VigieTooManyAlarms.",
            unit="short",
            queries=(
                Target(
                    expr='sum(increase(vigie_alarms_total{job="vigie", level="2"}[1d])) '
                    '/ max(vigie_watchlist_brands{job="vigie"})',
                    legend="alarms a brand-day",
                ),
            ),
            steps=(Step(at=None, colour=GREEN), Step(at=0.2, colour=RED)),
        ),
        Panel(
            kind=Kind.HEATMAP,
            title="Scores of closed minutes",
            description="Surprise in bans. Nearly all minutes lie below 1; a band that moves up for days means that "
            "the baseline does not fit any more.",
            unit="short",
            queries=(
                Target(
                    expr='sum by (le) (increase(vigie_score_bucket{job="vigie"}[$__rate_interval]))', legend="{{le}}"
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Minutes that surprise",
            description="Share of the closed minutes above 1, 3 and 6 bans, over the last hour.",
            unit="percentunit",
            queries=tuple(
                Target(
                    expr=f'1 - sum(rate(vigie_score_bucket{{job="vigie", le=~"{bans}(\\\\.0)?"}}[1h])) '
                    '/ sum(rate(vigie_score_count{job="vigie"}[1h]))',
                    legend=f"above {bans} bans",
                )
                for bans in (1, 3, 6)
            ),
            most=1,
        ),
        Panel(
            kind=Kind.LINES,
            title="What became of tweets",
            description="A second. Unmatched ones name no brand of the watchlist; late ones do not count.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (outcome) (rate(vigie_tweets_total{job="vigie"}[$__rate_interval]))',
                    legend="{{outcome}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Mentions that were not counted",
            description="A second, by reason.",
            unit="reqps",
            queries=(
                Target(
                    expr='sum by (reason) (rate(vigie_mentions_dropped_total{job="vigie"}[$__rate_interval]))',
                    legend="{{reason}}",
                ),
            ),
        ),
        Panel(
            kind=Kind.LINES,
            title="Windows closed",
            description="Minutes of a brand that were closed and published, a second.",
            unit="reqps",
            queries=(
                Target(expr='sum(rate(vigie_windows_closed_total{job="vigie"}[$__rate_interval]))', legend="windows"),
            ),
        ),
    ),
)

BOARD = Board(
    uid="vigie-brands",
    title="What is happening to our brands?",
    description="For the crisis team. The first row and the band below it answer it.",
    rows=(_NOW, _BRANDS, _ANSWERS, _JUDGED, _MODEL),
    variables=(("brand", "label_values(vigie_brand_level, brand)"),),
)
