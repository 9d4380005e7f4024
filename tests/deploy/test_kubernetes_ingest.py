"""The components of Kubernetes that bring a source in: an overlay takes those that it wants."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import trustme

from agents.ingest import sources
from agents.role import Role, ingest_web_port
from agents.settings import Settings, load_settings
from tests.deploy.files import KUBERNETES, ROOT, Document, documents
from tests.deploy.test_kubernetes import BASE, NEWEST, OLDEST, PRODUCTION, container, kustomization, of_kind, pod

COMPONENTS = KUBERNETES / "components"
SOURCES = ["x", "x-compliance", "jetstream"]

each_source = pytest.mark.parametrize("source", SOURCES)


def resources(source: str) -> dict[str, Document]:
    """What a component makes, by kind."""
    folder = COMPONENTS / f"ingest-{source}"
    found = [doc for name in kustomization(folder)["resources"] for doc in documents(folder / name)]
    assert {doc["metadata"]["name"] for doc in found} == {f"vigie-ingest-{source}"}
    return {doc["kind"]: doc for doc in found}


def its_pod(source: str) -> Any:
    return resources(source)["StatefulSet"]["spec"]["template"]["spec"]


def its_container(source: str) -> Any:
    (only,) = its_pod(source)["containers"]
    return only


def environment(source: str) -> dict[str, str]:
    lines = (BASE / "settings.env").read_text(encoding="utf-8").split()
    own = {each["name"]: each["value"] for each in its_container(source)["env"]}
    return dict(line.split("=", 1) for line in lines) | own


def test_there_is_a_component_for_each_source_and_production_says_how_to_take_it() -> None:
    assert sorted(path.name for path in COMPONENTS.iterdir()) == sorted(f"ingest-{source}" for source in SOURCES)
    assert set(SOURCES) <= set(sources.names())
    text = (PRODUCTION / "kustomization.yaml").read_text(encoding="utf-8")
    named = re.findall(r"^#   - (\.\./\.\./components/\S+)$", text, re.MULTILINE)
    assert sorted((PRODUCTION / name).resolve() for name in named) == sorted(COMPONENTS.iterdir())


@each_source
def test_a_component_names_every_file_beside_it(source: str) -> None:
    folder = COMPONENTS / f"ingest-{source}"
    document = kustomization(folder)
    assert (document["apiVersion"], document["kind"]) == ("kustomize.config.k8s.io/v1alpha1", "Component")
    there = {path.name for path in folder.iterdir()}
    assert there == {*document["resources"], "kustomization.yaml"}


@each_source
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_its_resources_are_valid_and_have_no_unknown_field(source: str, version: str) -> None:
    found = resources(source)
    assert found.keys() == {"Service", "StatefulSet", "NetworkPolicy"}
    for document in found.values():
        kubernetes_validate.validate(document, version, strict=True)


@each_source
def test_an_ingester_can_do_nothing_but_its_work(source: str) -> None:
    mine, role = its_pod(source), pod(Role.ENRICH)
    assert its_container(source)["securityContext"] == container(Role.ENRICH)["securityContext"]
    assert role["securityContext"].items() <= mine["securityContext"].items()
    for name in ("automountServiceAccountToken", "enableServiceLinks", "serviceAccountName"):
        assert mine[name] == role[name]
    assert mine["terminationGracePeriodSeconds"] >= role["terminationGracePeriodSeconds"]
    assert "memory" in its_container(source)["resources"]["limits"]


@each_source
def test_there_is_one_ingester_and_its_journal_has_room_for_the_spool_and_stays(source: str) -> None:
    spec = resources(source)["StatefulSet"]["spec"]
    assert spec["replicas"] == 1
    assert spec["serviceName"] == resources(source)["Service"]["metadata"]["name"]
    (claim,) = spec["volumeClaimTemplates"]
    mounts = {each["name"]: each["mountPath"] for each in its_container(source)["volumeMounts"]}
    assert environment(source)["VIGIE_INGEST_DIR"] == mounts[claim["metadata"]["name"]]
    amount = claim["spec"]["resources"]["requests"]["storage"]
    assert int(amount.removesuffix("Gi")) << 30 > 1.5 * load_settings().ingest_spool_bytes


@each_source
def test_an_ingester_is_asked_where_it_answers_and_told_what_it_knows(
    source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "password").write_text("open-sesame")
    mounted = {"VIGIE_SASL_PASSWORD_FILE": tmp_path / "password", "VIGIE_TLS_CA_FILE": tmp_path / "ca.crt"}
    for name, value in environment(source).items():
        monkeypatch.setenv(name, str(mounted.get(name, value)))
    settings = load_settings()
    (port,) = its_container(source)["ports"]
    assert (settings.web_host, ingest_web_port(settings)) == ("0.0.0.0", port["containerPort"])  # noqa: S104 - in a pod
    assert its_container(source)["args"] == ["ingest", source]
    assert settings.sasl_username in of_kind("KafkaUser")
    for probe, page in (("startup", "live"), ("liveness", "live"), ("readiness", "ready")):
        asked = its_container(source)[f"{probe}Probe"]["httpGet"]
        assert asked == {"path": f"/health/{page}", "port": port["name"]}


@each_source
def test_the_files_that_an_ingester_is_told_of_are_mounted(source: str) -> None:
    mounts = {each["mountPath"]: each["name"] for each in its_container(source)["volumeMounts"]}
    volumes = {each["name"]: each for each in its_pod(source)["volumes"]}
    assert set(mounts.values()) == volumes.keys() | {"journal"}
    assert not [each for each in its_container(source)["volumeMounts"] if "subPath" in each], (
        "would never be read again"
    )
    generated = {each["name"]: each for each in kustomization(BASE)["configMapGenerator"]}
    for name, value in environment(source).items():
        if not value.startswith("/") or name == "VIGIE_INGEST_DIR":
            continue
        volume = volumes[mounts[str(Path(value).parent)]]
        if "secret" in volume:
            assert Path(value).name in [item["path"] for item in volume["secret"]["items"]], name
        else:
            assert f"config/{Path(value).name}" in generated[volume["configMap"]["name"]]["files"]
    assert volumes["kafka"]["secret"]["secretName"] in of_kind("KafkaUser")
    assert [each["configMapRef"]["name"] for each in its_container(source)["envFrom"]] == ["vigie-settings"]
    assert ("VIGIE_X_TOKEN_FILE" in environment(source)) == source.startswith("x")


@each_source
def test_an_ingester_reaches_its_source_and_is_scraped_as_the_workers_are(source: str) -> None:
    found = resources(source)
    labels = found["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    assert found["StatefulSet"]["spec"]["selector"]["matchLabels"] == labels
    assert found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    assert [port["port"] for rule in found["NetworkPolicy"]["spec"]["egress"] for port in rule["ports"]] == [443]
    (only,) = found["NetworkPolicy"]["spec"]["egress"]
    outside = next(
        rule for rule in of_kind("NetworkPolicy")["vigie-notify"]["spec"]["egress"] if rule["ports"][0]["port"] == 443
    )
    assert only == outside
    assert of_kind("PodMonitor")["vigie"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert of_kind("NetworkPolicy")["vigie"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()


def test_an_ingester_may_write_raw_posts_and_nothing_else() -> None:
    acls = of_kind("KafkaUser")["vigie-ingest"]["spec"]["authorization"]["acls"]
    assert [(acl["resource"]["type"], acl["resource"]["name"], acl["operations"]) for acl in acls] == [
        ("topic", Settings.model_construct().topics.raw, ["Write"])
    ]


@each_source
def test_the_image_keeps_its_journal_where_the_volume_is(source: str) -> None:
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
    assert f"VIGIE_INGEST_DIR={environment(source)['VIGIE_INGEST_DIR']} " in dockerfile
