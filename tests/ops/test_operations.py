"""Everything at once: tweets in, people told, and every panel and rule evaluated on what really happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks import Webhook

from deploy.grafana import Query, queries
from schemas.crisis import CrisisEventType
from tests.ops.pictures import draw
from tests.ops.prometheus import RULES
from tests.ops.scene import SECRET, Scene, log_lines

REPORT = Path("build/ops")
OF_PEOPLE = {"Precision", "job:vigie_crisis_precision:ratio", "job_reason:vigie_crisis_dismissals:ratio"}
"""Shares of what people made of crises: there is none while nobody has said anything. promtool's tests are of them."""
_REMINDER = "communication_overdue"


def rules() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.rules.yaml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def test_what_is_published_reaches_the_webhook_in_order_and_bears_a_good_signature(scene: Scene) -> None:
    changes = [
        event.id for event in scene.crises if event.type is not CrisisEventType.UPDATED and event.peak_level >= 2
    ]
    told = [call.json for call in scene.told if call.json["type"] not in (CrisisEventType.UPDATED, _REMINDER)]
    assert [event["id"] for event in told] == changes
    assert scene.crises[-1].type is CrisisEventType.RESOLVED
    keys = [call.headers["webhook-id"] for call in scene.told]
    assert len(set(keys)) == len(keys)
    for call in scene.told:
        Webhook(SECRET).verify(call.body, call.headers)


def test_alertmanager_pages_for_the_crisis_and_says_when_it_is_over(scene: Scene) -> None:
    (crisis_id,) = {event.crisis_id for event in scene.crises if event.peak_level >= 2}
    alerts = [
        alert for call in scene.paged for alert in call.json["alerts"] if alert["labels"].get("source") == "vigie"
    ]
    assert {alert["labels"]["crisis_id"] for alert in alerts} == {crisis_id}
    assert len({alert["fingerprint"] for alert in alerts}) == 1
    states = [alert["status"] for alert in alerts]
    assert states[0] == "firing"
    assert states[-1] == "resolved"


@pytest.mark.parametrize(
    "query",
    [query for query in queries() if query.panel not in OF_PEOPLE],
    ids=lambda query: f"{query.dashboard}: {query.panel}",
)
def test_every_panel_shows_something(scene: Scene, query: Query) -> None:
    assert scene.prometheus.now(query.expression), query.expression


def test_every_rule_was_evaluated_without_an_error(scene: Scene) -> None:
    found = [rule for group in scene.prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert len(found) == len(rules())
    assert {rule["name"]: (rule["health"], rule.get("lastError")) for rule in found} == {
        rule["name"]: ("ok", None) for rule in found
    }


@pytest.mark.parametrize(
    "name", [rule["record"] for rule in rules() if "record" in rule and rule["record"] not in OF_PEOPLE]
)
def test_every_recorded_series_is_there(scene: Scene, name: str) -> None:
    assert scene.prometheus.now(name)


OF_SPEED = {"VigieFreshnessBudgetBurn", "VigieConsumerLag"}
"""Two days in twenty seconds are more than a busy machine may do in time, and no test says how fast it is."""


def test_a_healthy_run_pages_nobody_about_vigie_itself(scene: Scene) -> None:
    firing = [alert["labels"]["alertname"] for alert in scene.prometheus.ask("alerts")["alerts"]]
    severe = {rule["alert"] for rule in rules() if rule.get("labels", {}).get("severity") == "page"}
    assert not severe.intersection(firing) - OF_SPEED


def test_what_a_source_said_while_nobody_heard_it_is_a_ticket_and_no_page(scene: Scene) -> None:
    alerts = [alert for alert in scene.prometheus.ask("alerts")["alerts"] if alert["state"] == "firing"]
    gaps = [alert["labels"] for alert in alerts if alert["labels"]["alertname"] == "VigieIngestGap"]
    assert [(each["severity"], each["source"], each["reason"]) for each in gaps] == [("ticket", "x", "disconnected")]


def test_the_workers_said_what_they_did_in_json_and_without_tweets(scene: Scene) -> None:
    lines, said = log_lines(scene), scene.worker_log.read_text(encoding="utf-8")
    assert len(scene.texts) > 1000
    assert not [text for text in scene.texts if text in said]
    assert {line["crisis_id"] for line in lines if "crisis_id" in line} >= {scene.crises[-1].crisis_id}


def test_pictures_of_every_dashboard_are_in_the_report(scene: Scene) -> None:
    pictures = draw(scene, queries(), REPORT)
    assert (REPORT / "report.html").is_file()
    assert {picture.suffix for picture in pictures} == {".png"}
    assert len(pictures) == len({query.dashboard for query in queries()})
