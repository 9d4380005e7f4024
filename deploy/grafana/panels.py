"""What the dashboards are made of: questions in PromQL, and how their answers are shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deploy.grafana import sdk

__all__ = ["GREEN", "LEVELS", "ORANGE", "RED", "YELLOW", "Board", "Kind", "Panel", "Row", "Step", "Target"]

GREEN, YELLOW, ORANGE, RED, PURPLE = "green", "yellow", "orange", "red", "purple"
LEVELS = {0: ("calm", GREEN), 1: ("watch", YELLOW), 2: ("alert", ORANGE), 3: ("crisis", RED), 4: ("severe", PURPLE)}
"""Name and colour of each level of a brand."""
DATASOURCE = sdk.DataSourceRef(type_val="prometheus", uid="${datasource}")
_GRID = 24


class Kind(StrEnum):
    """How a panel shows its answer."""

    STAT = "stat"
    """The newest value of each series, large."""
    LINES = "timeseries"
    """Each series over time."""
    STATES = "state-timeline"
    """Each series as a band of states over time."""
    HEATMAP = "heatmap"
    """The buckets of a histogram over time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One question."""

    expr: str
    """PromQL, with Grafana's variables in it."""
    legend: str
    """Name of each series; `{{label}}` stands for its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From a value on, a colour."""

    at: float | None
    """None for all that is below the others."""
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel."""

    kind: Kind
    title: str
    description: str
    """What it says, and what to do about it."""
    unit: str
    """One of Grafana's: `short`, `s`, `percentunit`, `bytes`, `reqps`..."""
    queries: tuple[Target, ...]
    steps: tuple[Step, ...] = (Step(at=None, colour=GREEN),)
    """Thresholds; a line over time shows those above the first as dashed lines."""
    values: dict[int, tuple[str, str]] | None = None
    """Text and colour of values that stand for something."""
    width: int = 8
    """Of 24."""
    height: int = 8
    least: float | None = 0
    """Lower end of the axis."""
    most: float | None = None
    """Upper end of the axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels under one heading; the first row of a board has none."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard."""

    uid: str
    """Also the name of its file."""
    title: str
    """The question that it answers."""
    description: str
    rows: tuple[Row, ...]
    variables: tuple[tuple[str, str], ...] = ()
    """Names of the variables to choose by, and the query for the values of each."""

    def panels(self) -> tuple[Panel, ...]:
        """Return all panels in order."""
        return tuple(panel for row in self.rows for panel in row.panels)

    def json(self) -> str:
        """Return what Grafana reads."""
        return sdk.JSONEncoder(indent=2, sort_keys=True, ensure_ascii=False).encode(self._built()) + "\n"

    def _built(self) -> sdk.DashboardModel:
        board = (
            sdk.Dashboard(self.title)
            .uid(self.uid)
            .description(self.description)
            .tags(["vigie"])
            .timezone("browser")
            .readonly()
            .tooltip(sdk.DashboardCursorSync.CROSSHAIR)
            .time("now-6h", "now")
            .refresh("30s")
            .link(_to_the_others())
            .with_variable(sdk.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        )
        for name, query in self.variables:
            board = board.with_variable(_choice(name, query))
        number = 0
        for row in self.rows:
            if row.title:
                number += 1
                board = board.with_row(sdk.Row(row.title).id(number))
            for panel in row.panels:
                number += 1
                board = board.with_panel(_built(panel).id(number))
        return board.build()


def _to_the_others() -> sdk.DashboardLink:
    link = sdk.DashboardLink("Vigie").type(sdk.DashboardLinkType.DASHBOARDS).tags(["vigie"])
    return link.as_dropdown(as_dropdown=False).include_vars(include_vars=True).keep_time(keep_time=True)


def _choice(name: str, query: str) -> sdk.QueryVariable:
    everything = sdk.VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        sdk.QueryVariable(name)
        .label(name.capitalize())
        .datasource(DATASOURCE)
        .query(query)
        .refresh(sdk.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(sdk.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(everything)
    )


def _built(panel: Panel) -> Any:
    built = _bare(panel)
    built = (
        built.title(panel.title)
        .description(panel.description)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .span(panel.width)
        .height(panel.height)
        .no_value("none")
        .thresholds(_thresholds(panel))
    )
    if panel.least is not None:
        built = built.min(panel.least)
    if panel.most is not None:
        built = built.max(panel.most)
    if panel.values is not None:
        built = built.mappings([_mapping(panel.values)])
    for place, query in enumerate(panel.queries):
        built = built.with_target(_target(panel.kind, query).ref_id(chr(ord("A") + place)))
    return built


def _bare(panel: Panel) -> Any:
    match panel.kind:
        case Kind.STAT:
            many = len(panel.queries) > 1 or "{{" in panel.queries[0].legend
            return (
                sdk.StatPanel()
                .color_mode(sdk.BigValueColorMode.BACKGROUND)
                .graph_mode(sdk.BigValueGraphMode.NONE)
                .text_mode(sdk.BigValueTextMode.VALUE_AND_NAME if many else sdk.BigValueTextMode.VALUE)
                .reduce_options(sdk.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False))
            )
        case Kind.LINES:
            return _lines(panel)
        case Kind.STATES:
            return sdk.StateTimelinePanel().merge_values(merge_values=True).legend(_legend()).tooltip(_tooltip())
        case Kind.HEATMAP:
            return sdk.HeatmapPanel().calculate(calculate=False).hide_legend()


def _lines(panel: Panel) -> sdk.TimeSeriesPanel:
    style = sdk.GraphThresholdsStyleMode.DASHED if len(panel.steps) > 1 else sdk.GraphThresholdsStyleMode.OFF
    return (
        sdk.TimeSeriesPanel()
        .legend(_legend())
        .tooltip(_tooltip())
        .fill_opacity(8)
        .thresholds_style(sdk.GraphThresholdsStyleConfig().mode(style))
    )


def _legend() -> sdk.VizLegendOptions:
    legend = sdk.VizLegendOptions().display_mode(sdk.LegendDisplayMode.LIST)
    return legend.placement(sdk.LegendPlacement.BOTTOM).show_legend(show_legend=True)


def _tooltip() -> sdk.VizTooltipOptions:
    return sdk.VizTooltipOptions().mode(sdk.TooltipDisplayMode.MULTI).sort(sdk.SortOrder.DESCENDING)


def _thresholds(panel: Panel) -> sdk.ThresholdsConfig:
    steps = [sdk.Threshold(value=step.at, color=step.colour) for step in panel.steps]
    return sdk.ThresholdsConfig().mode(sdk.ThresholdsMode.ABSOLUTE).steps(steps)


def _mapping(values: dict[int, tuple[str, str]]) -> sdk.ValueMap:
    results = enumerate(values.items())
    return sdk.ValueMap(
        options={
            str(value): sdk.ValueMappingResult(text=text, color=colour, index=place)
            for place, (value, (text, colour)) in results
        }
    )


def _target(kind: Kind, query: Target) -> sdk.Dataquery:
    target = sdk.Dataquery().expr(query.expr).legend_format(query.legend).datasource(DATASOURCE)
    if kind is Kind.STAT:
        return target.instant()
    target = target.range()
    return target.format(sdk.PromQueryFormat.HEATMAP) if kind is Kind.HEATMAP else target
