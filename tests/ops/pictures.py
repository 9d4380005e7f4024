"""What the dashboards would have shown: the data of each panel over the run, drawn."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import matplotlib as mpl
from matplotlib.figure import Figure

from deploy.grafana import Query
from tests.ops.prometheus import Prometheus, Series
from tests.ops.scene import FEED_S, Scene

_COLUMNS = 3
_LINES = 8
"""Drawn in one panel: those that are highest at their end."""
_STEP_S = 1.0
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vigie: a crisis, from the tweet to the page</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1b1f24;
       background: #fff }
img { max-width: 100%; height: auto; border: 1px solid #d0d7de }
table { border-collapse: collapse } td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums }
</style>
<h1>A crisis, from the tweet to the page</h1>
<p>Two days of talk about two invented brands, written to Apache Kafka in {{ feed_s }} seconds; {{ run_s }} seconds
until everybody had been told of the end. Real workers, Prometheus and Alertmanager; the pictures are each panel's
query, asked of that Prometheus.</p>
<h2>What was told</h2>
<table>
<tr><th>step<th>level<th>event time<th>seconds after the first tweet was written, at the webhook
{% for event, after_s in steps %}<tr><td>{{ event.type.value }}<td>{{ event.level.value }}<td>{{ event.time }}
<td class="number">{{ after_s }}
{% endfor %}</table>
<p>{{ repeats }} calls of Alertmanager's receiver; {{ updates }} updates and reminders at the webhook besides.</p>
<h2>Delays under this load</h2>
<table>
<tr><th>from, to<th>median<th>99 %
{% for name, median, most in delays %}<tr><td>{{ name }}<td class="number">{{ median }}<td class="number">{{ most }}
{% endfor %}</table>
{% for dashboard, picture in pictures %}<h2>{{ dashboard }}</h2>
<img src="{{ picture }}" alt="The panels of {{ dashboard }} over the run">
{% endfor %}</html>
"""
_QUANTILE = "histogram_quantile({share}, sum by (le) ({name}_bucket{labels}))"
_DELAYS = {
    "append of the record that closes a minute, to its window acknowledged": (
        "vigie_window_delay_seconds",
        '{since="append"}',
    ),
    "the same to a crisis event acknowledged": ("vigie_crisis_delay_seconds", '{since="append"}'),
    "crisis event to accepted by its receiver": ("vigie_notification_delay_seconds", ""),
}


def draw(scene: Scene, queries: Iterable[Query], folder: Path) -> list[Path]:
    """Write a picture for each dashboard, and ``report.html`` with all of it; return the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    dashboards: dict[str, dict[str, list[Query]]] = {}
    for query in queries:
        dashboards.setdefault(query.dashboard, {}).setdefault(query.panel, []).append(query)
    pictures = []
    for name, panels in dashboards.items():
        pictures.append(folder / f"{_slug(name)}.png")
        _dashboard(scene, name, panels).savefig(pictures[-1], dpi=110)
    _report(scene, list(zip(dashboards, pictures, strict=True)), folder / "report.html")
    return pictures


def _dashboard(scene: Scene, name: str, panels: dict[str, list[Query]]) -> Figure:
    rows = math.ceil(len(panels) / _COLUMNS)
    with mpl.rc_context({"font.size": 8, "axes.grid": True, "grid.alpha": 0.3}):
        figure = Figure(figsize=(15, 2.6 * rows + 0.8), layout="constrained")
        figure.suptitle(name, fontsize=14)
        axes = list(figure.subplots(rows, _COLUMNS, squeeze=False).flat)
        for (title, queries), axis in zip(panels.items(), axes, strict=False):
            found = [(query.legend, line) for query in queries for line in _asked(scene.prometheus, query, scene)]
            _panel(axis, f"{title} ({queries[0].unit})", found, scene.start_s)
        for axis in axes[len(panels) :]:
            axis.axis("off")
    return figure


def _asked(prometheus: Prometheus, query: Query, scene: Scene) -> Sequence[Series]:
    found = prometheus.over(query.expression, start_s=scene.start_s, end_s=scene.end_s, step_s=_STEP_S)
    return sorted(found, key=lambda line: line.points[-1][1], reverse=True)[:_LINES]


def _panel(axis: Any, title: str, lines: Sequence[tuple[str, Series]], start_s: float) -> None:
    axis.set_title(title, fontsize=9, loc="left")
    for legend, line in lines:
        label = re.sub(r"{{\s*(\w+)\s*}}", partial(_label, line), legend)
        axis.plot([at - start_s for at, _ in line.points], [value for _, value in line.points], label=label, lw=1.2)
    if any(not handle.get_label().startswith("_") for handle in axis.get_lines()):
        axis.legend(fontsize=6, loc="best", framealpha=0.6)
    axis.margins(x=0.01)


def _label(line: Series, found: re.Match[str]) -> str:
    return line.labels.get(found[1], "")


def _report(scene: Scene, pictures: list[tuple[str, Path]], path: Path) -> None:
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(_PAGE)
    told_at = {call.json["id"]: call.at for call in reversed(scene.told)}
    steps = [event for event in scene.crises if event.type.value != "updated" and event.id in told_at]
    page = template.render(
        feed_s=round(FEED_S),
        run_s=round(scene.end_s - scene.start_s),
        steps=[(event, f"{told_at[event.id] - scene.start_s:.1f}") for event in steps],
        repeats=len(scene.paged),
        updates=len(scene.told) - len(steps),
        delays=[
            (what, *(_quantile(scene.prometheus, share, name, labels) for share in (0.5, 0.99)))
            for what, (name, labels) in _DELAYS.items()
        ],
        pictures=[(name, picture.name) for name, picture in pictures],
    )
    path.write_text(page, encoding="utf-8")


def _quantile(prometheus: Prometheus, share: float, name: str, labels: str) -> str:
    found = prometheus.now(_QUANTILE.format(share=share, name=name, labels=labels))
    return f"{found[0][1]:.2f} s" if found else "-"


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
