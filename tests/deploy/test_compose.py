from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from agents.cli.main import main
from agents.role import Role, ingest_web_port, web_port
from agents.settings import Settings
from pipeline.notify.file import load_plan
from pipeline.watchlist import Watchlist
from tests.deploy.files import COMPOSE, ROOT, documents, project

(SETUP,) = documents(COMPOSE)
SERVICES: dict[str, Any] = SETUP["services"]
ROLES = [role.value for role in Role]
SOURCES = ["x", "x-compliance", "jetstream"]
OURS = [*ROLES, *(f"ingest-{source}" for source in SOURCES), "topics", "demo"]


def compose_schema() -> Any:
    # The schema that check-jsonschema brings; its program wants another click than Faust's.
    spec = find_spec("check_jsonschema")
    assert spec is not None
    assert spec.origin is not None
    found = Path(spec.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    return json.loads(found.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(COMPOSE.parent.glob("*.yaml")), ids=lambda path: path.name)
def test_the_files_are_what_compose_expects(path: Path) -> None:
    schema = compose_schema()
    (document,) = documents(path)
    jsonschema.validators.validator_for(schema)(schema).validate(document)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "mem_limit" in service
    assert "healthcheck" in service
    # Kafka's image writes its configuration when it starts.
    assert service.get("read_only") is (None if name == "kafka" else True)
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), "for this machine only"


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_by_its_version(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag), image
    if image == "vigie":
        assert tag == project()["version"]


def test_kafka_is_the_version_that_the_tests_run_on() -> None:
    pom = (ROOT / "tests/brokers/pom.xml").read_text(encoding="utf-8")
    assert f"<kafka.version>{SERVICES['kafka']['image'].partition(':')[2]}</kafka.version>" in pom


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (COMPOSE.parent / source).is_dir(), "folders, so that a replaced file is seen"
            assert volume.endswith(":ro")
        else:
            assert source in SETUP["volumes"]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_a_service_that_waits_for_its_topics_and_asks_for_its_own_health(role: str) -> None:
    service = SERVICES[role]
    assert service["command"] == ["worker", "--role", role]
    assert service["healthcheck"]["test"] == ["CMD", "vigie", "health", "--role", role]
    assert service["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_is_a_service_that_is_asked_for_and_keeps_its_journal(source: str) -> None:
    service = SERVICES[f"ingest-{source}"]
    assert service["profiles"] == [source]
    assert service["command"] == ["ingest", source]
    assert service["healthcheck"]["test"] == ["CMD", "vigie", "health", "--ingest"]
    assert f"ingest:{service['environment']['VIGIE_INGEST_DIR']}" in service["volumes"]
    assert service["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    token = service["environment"].get("VIGIE_X_TOKEN_FILE")
    assert (token, service.get("secrets")) == (
        ("/run/secrets/x_token", ["x_token"]) if source.startswith("x") else (None, None)
    )
    assert set(service.get("secrets", [])) <= set(SETUP["secrets"])


def test_the_journal_belongs_to_whom_the_image_runs_as() -> None:
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
    folder = SERVICES["ingest-x"]["environment"]["VIGIE_INGEST_DIR"]
    assert f"RUN install -d -o 10001 -g 10001 -m 0700 {folder}\n" in dockerfile


def test_prometheus_looks_for_every_service_of_ours_where_it_answers() -> None:
    (config,) = documents(ROOT / "deploy/prometheus/prometheus.yml")
    (job,) = config["scrape_configs"]
    asked = {name: each["port"] for each in job["dns_sd_configs"] for name in each["names"]}
    settings = Settings(web_port=Settings.model_fields["web_port"].default)
    served = {role.value: web_port(settings, role) for role in Role}
    assert asked == served | {f"ingest-{source}": ingest_web_port(settings) for source in SOURCES}


@pytest.mark.parametrize("name", OURS)
def test_what_the_services_run_are_commands_of_vigie(name: str) -> None:
    service = SERVICES[name]
    lines = [service["command"], service["healthcheck"].get("test", [])[2:]]
    if name == "demo":
        lines = [line.split() for line in re.findall(r"vigie ([^&]+)", service["command"][0])]
    for line in filter(None, lines):
        command: click.Command = main
        rest = list(line)
        context = click.Context(main)
        while isinstance(command, click.Group):
            _, found, rest = command.resolve_command(context, rest)
            assert found is not None
            command = found
        command.make_context(command.name, rest, parent=context).close()


def test_the_watchlist_watches_the_brands_of_the_demo() -> None:
    ours = Watchlist.load(COMPOSE.parent / "config" / "watchlist.toml")
    assert ours.fingerprint == Watchlist.load(ROOT / "pipeline/simulate/data/watchlist.toml").fingerprint


@pytest.mark.parametrize("name", ["notify.toml", "notify-slack.toml"])
def test_the_notification_files_can_be_used(name: str) -> None:
    assert "alertmanager" in load_plan(COMPOSE.parent / "config" / name).channels


def test_the_dashboards_are_mounted_where_grafana_is_told_to_look() -> None:
    mounted = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    told = [
        provider["options"]["path"]
        for path in (ROOT / "deploy/grafana/provisioning/dashboards").glob("*.y*ml")
        for provider in yaml.safe_load(path.read_text(encoding="utf-8"))["providers"]
    ]
    assert told
    assert set(told) <= set(mounted.values())


def test_prometheus_and_alertmanager_find_their_configuration_where_it_is_mounted() -> None:
    for name in ("prometheus", "alertmanager"):
        mounted = {to: source for source, to, *_ in (volume.split(":") for volume in SERVICES[name]["volumes"])}
        told = next(part for part in SERVICES[name]["command"] if part.startswith("--config.file=")).partition("=")[2]
        assert (COMPOSE.parent / mounted[str(Path(told).parent)] / Path(told).name).is_file()
