import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.promql import complaints

PROMETHEUS = Path("deploy/prometheus")
ALERTMANAGER = Path("deploy/alertmanager/alertmanager.yml")
RUNBOOKS = Path("deploy/runbooks")
CONTRACT = {
    *("VigieWorkerDown", "VigieWorkerNotReady", "VigieWorkerRestarting", "VigieWorkerHolds", "VigieConsumerLag"),
    *("VigieWatermarkStalled", "VigieNoTweets", "VigieFreshnessBudgetBurn", "VigieLossBudgetBurn"),
    *("VigieDeliveryBudgetBurn", "VigieNotificationsStuck", "VigieStateProblems", "VigieReloadFailed"),
    *("VigieTooManyAlarms", "VigieModelLearning", "VigieErasureOverdue"),
    *("VigieIngestDisconnected", "VigieIngestGap", "VigieIngestSpooling", "VigieIngestRulesStale"),
}

needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)"
)
needs_amtool = pytest.mark.skipif(
    not shutil.which("amtool"), reason="amtool is not installed (Debian: prometheus-alertmanager)"
)


def _rules(name: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / name).read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _alerts() -> list[dict[str, Any]]:
    return _rules("alerts.rules.yaml")


def _recorded() -> set[str]:
    return {rule["record"] for rule in _rules("recording.rules.yaml")}


def _test_files() -> list[Path]:
    return sorted((PROMETHEUS / "tests").glob("*.test.yaml"))


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_accepts_configuration_and_rules() -> None:
    _run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    _run("promtool", "check", "rules", "--lint-fatal", *PROMETHEUS.glob("*.rules.yaml"))


@needs_promtool
@pytest.mark.parametrize("file", _test_files(), ids=lambda file: file.name)
def test_the_alerts_fire_when_they_should_and_only_then(file: Path) -> None:
    _run("promtool", "test", "rules", file)


def test_every_alert_fires_somewhere_in_the_tests_and_somewhere_does_not() -> None:
    fires, silent = defaultdict[str, set[str]](set), set[str]()
    for file in _test_files():
        for case in yaml.safe_load(file.read_text("utf-8"))["tests"]:
            for asked in case["alert_rule_test"]:
                expected = asked.get("exp_alerts") or []
                fires[asked["alertname"]] |= {alert["exp_labels"]["severity"] for alert in expected}
                if not expected:
                    silent.add(asked["alertname"])
    severities = defaultdict[str, set[str]](set)
    for alert in _alerts():
        severities[alert["alert"]].add(alert["labels"]["severity"])
    assert {name: found for name, found in fires.items() if found} == severities
    assert silent == set(severities)


def test_every_case_of_the_rules_is_a_sentence() -> None:
    for file in _test_files():
        names = [case["name"] for case in yaml.safe_load(file.read_text("utf-8"))["tests"]]
        assert all(" " in name for name in names)
        assert len(names) == len(set(names))


def test_the_alerts_are_those_that_the_runbooks_and_dashboards_speak_of() -> None:
    assert {alert["alert"] for alert in _alerts()} == CONTRACT


@pytest.mark.parametrize("alert", _alerts(), ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}")
def test_every_alert_says_how_urgent_it_is_what_it_means_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert set(alert["labels"]) == {"severity"}
    assert alert["labels"]["severity"] in {"page", "ticket"}
    notes = alert["annotations"]
    assert set(notes) == {"summary", "description", "runbook_url"}
    assert notes["summary"].strip()
    assert notes["description"].strip()
    page = f"{alert['alert']}.md"
    assert notes["runbook_url"] == f"{{{{ $externalLabels.vigie_docs }}}}deploy/runbooks/{page}"
    assert (RUNBOOKS / page).is_file()


@pytest.mark.parametrize(
    "rule", [*_rules("recording.rules.yaml"), *_alerts()], ids=lambda rule: next(iter(rule.values()))
)
def test_rules_ask_for_series_and_labels_that_a_worker_has(rule: dict[str, Any]) -> None:
    assert complaints(rule["expr"], _recorded()) == []


def test_a_misspelt_series_or_label_is_found() -> None:
    assert complaints('rate(vigie_record_total{job="vigie"}[5m])', set()) == ["nothing shows vigie_record_total"]
    assert complaints('vigie_records_total{reason="x"}', set()) == ["vigie_records_total has no reason"]
    assert complaints("sum by (channel) (vigie_records_total)", set()) == ["no series of it has channel"]
    assert complaints("job:vigie_lag:sum", set()) == ["nothing shows job:vigie_lag:sum"]
    assert complaints("vigie_records_total / on (brand) vigie_records_total", set()) == ["no series of it has brand"]


def test_every_rule_asks_for_the_job_of_vigie_alone() -> None:
    for rule in [*_rules("recording.rules.yaml"), *_alerts()]:
        for name in ("vigie_", "process_", "up{"):
            for place in _selectors(rule["expr"], name):
                assert place.startswith('{job="vigie"'), rule["expr"]


def _selectors(expr: str, prefix: str) -> list[str]:
    """Return what follows the raw series of an expression, recorded ones left out."""
    found = []
    for word in expr.replace("(", " ").replace("[", " [").split():
        name, brace, rest = word.partition("{")
        if brace and ":" not in name and word.startswith(prefix):
            found.append(brace + rest)
    return found


@needs_amtool
def test_amtool_accepts_the_alertmanager_configuration() -> None:
    _run("amtool", "check-config", ALERTMANAGER)


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=VigieCrisis", "source=vigie", "brand=acme", "crisis_id=1"], "crisis"),
        (["alertname=VigieWorkerDown", "severity=page", "job=vigie", "role=track"], "page"),
        (["alertname=VigieStateProblems", "severity=ticket", "job=vigie", "reason=corrupt"], "ticket"),
        (["alertname=VigieIngestDisconnected", "severity=page", "job=vigie", "source=x"], "page"),
    ],
)
def test_crises_pages_and_tickets_go_to_receivers_of_their_own(labels: list[str], receiver: str) -> None:
    _run("amtool", "config", "routes", "test", "--config.file", ALERTMANAGER, f"--verify.receivers={receiver}", *labels)


def test_what_alertmanager_inhibits_are_alerts_that_exist_and_never_a_crisis() -> None:
    for rule in yaml.safe_load(ALERTMANAGER.read_text("utf-8"))["inhibit_rules"]:
        assert "job" in rule["equal"]
        targets = " ".join(rule["target_matchers"])
        assert "VigieCrisis" not in targets
        assert 'job!=""' in targets or "Vigie.+" not in targets
        for matcher in [*rule["source_matchers"], *rule["target_matchers"]]:
            name, _, value = matcher.replace("=~", "=").partition("=")
            if name == "alertname" and "Vigie.+" not in value:
                value = value.strip('"')
                stem, _, choices = value.removesuffix(")").partition("(")
                assert {stem + choice for choice in choices.split("|")} <= CONTRACT, value
