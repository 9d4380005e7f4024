import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana import BOARDS, FOLDER, Query, queries, sdk
from deploy.grafana.panels import Board, Kind
from tests.deploy.promql import complaints
from tests.deploy.test_prometheus import _recorded

PROVISIONING = Path("deploy/grafana/provisioning")

boards = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)


def _committed(board: Board) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{board.uid}.json").read_text("utf-8"))
    return found


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(child)


def test_the_committed_dashboards_are_what_the_code_makes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.grafana", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {path.stem for path in FOLDER.glob("*.json")} == {board.uid for board in BOARDS}


@boards
def test_a_dashboard_is_made_alike_each_time(board: Board) -> None:
    assert board.json() == board.json() == (FOLDER / f"{board.uid}.json").read_text("utf-8")


@boards
def test_grafanas_schema_knows_all_that_is_in_a_dashboard(board: Board) -> None:
    sdk.register_default_plugins()
    model = sdk.DashboardModel.from_json(_committed(board))
    assert json.loads(sdk.JSONEncoder().encode(model)) == _committed(board)


@boards
def test_panels_have_numbers_of_their_own_and_do_not_overlap(board: Board) -> None:
    panels = _committed(board)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart or above, (one, other)
        assert one["x"] + one["w"] <= 24


@boards
def test_the_first_row_fills_the_width_with_single_numbers(board: Board) -> None:
    numbers = [panel for panel in board.rows[0].panels if panel.kind is Kind.STAT]
    assert sum(panel.width for panel in numbers) == 24
    assert len({panel.height for panel in numbers}) == 1


@boards
def test_every_panel_says_what_it_shows_in_which_unit_and_from_when_on_it_is_bad(board: Board) -> None:
    for panel in board.panels():
        assert panel.description.endswith("."), panel.title
        assert panel.unit, panel.title
        assert panel.steps[0].at is None, panel.title
        assert all((a.at or 0) < (b.at or 0) for a, b in pairwise(panel.steps)), panel.title
        assert all(target.legend for target in panel.queries), panel.title
    titles = [panel.title for panel in board.panels()]
    assert len(titles) == len(set(titles))


@boards
def test_the_source_of_data_is_a_choice_and_nothing_is_bound_to_one(board: Board) -> None:
    found = [node["datasource"] for node in _walk(_committed(board)) if isinstance(node, dict) and "datasource" in node]
    assert found
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in found)
    assert _committed(board)["templating"]["list"][0]["name"] == "datasource"


@pytest.mark.parametrize("query", queries(), ids=lambda query: f"{query.panel}")
def test_panels_ask_for_series_and_labels_that_a_worker_has(query: Query) -> None:
    assert "$" not in query.expression
    assert complaints(query.expression, _recorded()) == []


def test_brands_are_chosen_by_the_variable_of_their_dashboard_alone() -> None:
    for board in BOARDS:
        names = {name for name, _values in board.variables}
        text = " ".join(target.expr for panel in board.panels() for target in panel.queries)
        assert ("$brand" in text) == ("brand" in names), board.uid


def test_runbooks_that_panels_name_are_there() -> None:
    words = " ".join(panel.description for board in BOARDS for panel in board.panels()).replace(":", " ").split()
    named = {word.strip(".,") for word in words if word.startswith("Vigie") and word.strip(".,") != "Vigie"}
    assert named
    assert all(Path(f"deploy/runbooks/{name}.md").is_file() for name in named), named


def test_grafana_is_given_the_dashboards_and_the_prometheus_of_compose() -> None:
    sources = yaml.safe_load((PROVISIONING / "datasources/prometheus.yaml").read_text("utf-8"))["datasources"]
    assert [source["type"] for source in sources] == ["prometheus"]
    compose = yaml.safe_load(Path("deploy/compose/compose.yaml").read_text("utf-8"))["services"]
    assert "prometheus" in compose
    providers = yaml.safe_load((PROVISIONING / "dashboards/vigie.yaml").read_text("utf-8"))["providers"]
    mounts = [str(volume) for volume in compose["grafana"]["volumes"]]
    assert any(f":{providers[0]['options']['path']}" in mount for mount in mounts)
