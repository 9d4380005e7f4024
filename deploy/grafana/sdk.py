"""The one place that imports Grafana's SDK.

It warns at import that Grafana has a second form of dashboards by now. Ours are read from files, which takes the first.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders.common import (
        GraphThresholdsStyleConfig,
        ReduceDataOptions,
        VizLegendOptions,
        VizTooltipOptions,
    )
    from grafana_foundation_sdk.builders.dashboard import (
        Dashboard,
        DashboardLink,
        DatasourceVariable,
        QueryVariable,
        Row,
        ThresholdsConfig,
    )
    from grafana_foundation_sdk.builders.heatmap import Panel as HeatmapPanel
    from grafana_foundation_sdk.builders.prometheus import Dataquery
    from grafana_foundation_sdk.builders.stat import Panel as StatPanel
    from grafana_foundation_sdk.builders.statetimeline import Panel as StateTimelinePanel
    from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeriesPanel
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.common import (
        BigValueColorMode,
        BigValueGraphMode,
        BigValueTextMode,
        DataSourceRef,
        GraphThresholdsStyleMode,
        LegendDisplayMode,
        LegendPlacement,
        SortOrder,
        TooltipDisplayMode,
    )
    from grafana_foundation_sdk.models.dashboard import Dashboard as DashboardModel
    from grafana_foundation_sdk.models.dashboard import (
        DashboardCursorSync,
        DashboardLinkType,
        Threshold,
        ThresholdsMode,
        ValueMap,
        ValueMappingResult,
        VariableOption,
        VariableRefresh,
        VariableSort,
    )
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat

__all__ = [
    "BigValueColorMode",
    "BigValueGraphMode",
    "BigValueTextMode",
    "Dashboard",
    "DashboardCursorSync",
    "DashboardLink",
    "DashboardLinkType",
    "DashboardModel",
    "DataSourceRef",
    "Dataquery",
    "DatasourceVariable",
    "GraphThresholdsStyleConfig",
    "GraphThresholdsStyleMode",
    "HeatmapPanel",
    "JSONEncoder",
    "LegendDisplayMode",
    "LegendPlacement",
    "PromQueryFormat",
    "QueryVariable",
    "ReduceDataOptions",
    "Row",
    "SortOrder",
    "StatPanel",
    "StateTimelinePanel",
    "Threshold",
    "ThresholdsConfig",
    "ThresholdsMode",
    "TimeSeriesPanel",
    "TooltipDisplayMode",
    "ValueMap",
    "ValueMappingResult",
    "VariableOption",
    "VariableRefresh",
    "VariableSort",
    "VizLegendOptions",
    "VizTooltipOptions",
    "register_default_plugins",
]
