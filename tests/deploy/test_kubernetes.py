from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import trustme

from agents import app as worker
from agents.app import create_app
from agents.role import Role
from agents.settings import load_settings
from agents.topics import topic_specs
from deploy.kubernetes.__main__ import PARTITIONS, RAW_PARTITIONS, REPLICAS, manifests
from pipeline.notify.file import load_plan
from pipeline.watchlist import Watchlist
from tests.deploy.files import KUBERNETES, ROOT, Document, crd_schema, documents, project

BASE = KUBERNETES / "base"
PRODUCTION = KUBERNETES / "overlays" / "production"
KUSTOMIZATIONS = [BASE, PRODUCTION]
OLDEST, NEWEST = "1.30", "1.37"


def kustomization(folder: Path) -> Document:
    (document,) = documents(folder / "kustomization.yaml")
    return document


@cache
def resources() -> dict[tuple[str, str], Document]:
    """What the base makes, by kind and name."""
    found = [doc for name in kustomization(BASE)["resources"] for doc in documents(BASE / name)]
    named = {(doc["kind"], doc["metadata"]["name"]): doc for doc in found}
    assert len(named) == len(found), "two resources have one name"
    return named


def of_kind(kind: str) -> dict[str, Document]:
    return {name: doc for (each, name), doc in resources().items() if each == kind}


def pod(role: Role) -> Any:
    return of_kind("Deployment")[f"vigie-{role}"]["spec"]["template"]["spec"]


def container(role: Role) -> Any:
    (only,) = pod(role)["containers"]
    return only


# -- the kustomizations hang together ------------------------------------------------------------------


@pytest.mark.parametrize("folder", KUSTOMIZATIONS, ids=lambda folder: folder.name)
def test_a_kustomization_names_every_file_beside_it_and_no_other(folder: Path) -> None:
    document = kustomization(folder)
    named = {folder / name for name in document["resources"]}
    named |= {folder / patch["path"] for patch in document.get("patches", [])}
    for generator in document["configMapGenerator"]:
        named |= {folder / name for name in [*generator.get("files", []), *generator.get("envs", [])]}
    assert all(path.exists() for path in named)
    there = {path for path in folder.rglob("*") if path.is_file() and path.name != "kustomization.yaml"}
    assert there == {path for path in named if path.is_file()}


def test_what_production_changes_is_in_the_base() -> None:
    document = kustomization(PRODUCTION)
    assert (PRODUCTION / document["resources"][0]).resolve() == BASE
    for patch in documents(*(PRODUCTION / patch["path"] for patch in document["patches"])):
        target = resources()[patch["kind"], patch["metadata"]["name"]]
        names = {each["name"] for each in target["spec"]["template"]["spec"]["containers"]}
        assert {each["name"] for each in patch["spec"]["template"]["spec"]["containers"]} <= names
    assert {each["name"] for each in document["replicas"]} <= set(of_kind("Deployment"))
    generated = {each["name"]: each for each in kustomization(BASE)["configMapGenerator"]}
    for each in document["configMapGenerator"]:
        assert each["behavior"] in ("merge", "replace")
        assert each.get("options") == generated[each["name"]].get("options")
    assert [image["name"] for image in document["images"]] == [container(Role.TRACK)["image"]]
    assert document["images"][0]["newTag"] == project()["version"]


# -- every resource is what its kind allows ------------------------------------------------------------


def every_document() -> Iterator[Document]:
    yield from resources().values()
    yield from documents(PRODUCTION / "namespace.yaml")


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_core_resources_are_valid_and_have_no_unknown_field(version: str) -> None:
    core = [doc for doc in every_document() if crd_schema(doc["kind"]) is None]
    assert {doc["kind"] for doc in core} >= {"Deployment", "NetworkPolicy", "PodDisruptionBudget", "ServiceAccount"}
    for document in core:
        kubernetes_validate.validate(document, version, strict=True)


def custom() -> list[Document]:
    return [doc for doc in every_document() if "." in doc["apiVersion"].partition("/")[0].replace(".k8s.io", "")]


def test_custom_resources_are_valid_and_have_no_unknown_field() -> None:
    found = custom()
    assert {doc["kind"] for doc in found} == {
        "KafkaTopic",
        "KafkaUser",
        "PodMonitor",
        "PrometheusRule",
        "ScaledObject",
        "TriggerAuthentication",
    }
    for document in found:
        schema = crd_schema(document["kind"])
        assert schema is not None
        jsonschema.Draft202012Validator(schema).validate(document)


def test_a_field_that_a_custom_resource_does_not_have_is_found() -> None:
    for document in custom():
        schema = crd_schema(document["kind"])
        assert schema is not None
        wrong = {**document, "spec": {**document["spec"], "repilcas": 3}}
        with pytest.raises(jsonschema.ValidationError, match="repilcas"):
            jsonschema.Draft202012Validator(schema).validate(wrong)


def test_what_follows_from_the_code_is_up_to_date() -> None:
    for path, text in manifests().items():
        assert path.read_text(encoding="utf-8") == text, "run: python -m deploy.kubernetes"


# -- Kafka ---------------------------------------------------------------------------------------------


def test_the_topics_are_those_that_vigie_needs_as_it_needs_them() -> None:
    written = {
        doc["spec"].get("topicName", name): (doc["spec"]["partitions"], doc["spec"]["replicas"], doc["spec"]["config"])
        for name, doc in of_kind("KafkaTopic").items()
    }
    assert written == {
        spec.name: (spec.partitions, REPLICAS, {**spec.config, "min.insync.replicas": "2"})
        for spec in topic_specs(load_settings(), raw_partitions=RAW_PARTITIONS, partitions=PARTITIONS)
    }


def test_every_kafka_resource_is_of_the_cluster_whose_secrets_are_mounted() -> None:
    for document in [*of_kind("KafkaTopic").values(), *of_kind("KafkaUser").values()]:
        assert document["metadata"]["labels"] == {"strimzi.io/cluster": "kafka"}
    for role in Role:
        secrets = {each["name"]: each["secret"] for each in pod(role)["volumes"] if "secret" in each}
        assert secrets["kafka-ca"]["secretName"] == "kafka-cluster-ca-cert"
        assert secrets["kafka"]["secretName"] in of_kind("KafkaUser")


@pytest.mark.parametrize("role", list(Role))
def test_a_role_can_change_nothing_but_its_own_results_and_state(role: Role) -> None:
    acls = of_kind("KafkaUser")[f"vigie-{role}"]["spec"]["authorization"]["acls"]
    written = {acl["resource"]["name"] for acl in acls if "Write" in acl["operations"]}
    results = {
        Role.ENRICH: {"vigie.mentions", "tweets.compliance"},
        Role.TRACK: {"vigie.windows", "vigie.crises"},
        Role.NOTIFY: set[str](),
        Role.ERASE: {"vigie.mentions", "vigie.crises"},
    }
    changelogs = {name for name in written if name.endswith("-changelog")}
    assert len(changelogs) == (role is not Role.ERASE)
    assert all(name.startswith(f"vigie-{role}-") for name in changelogs)
    assert written == results[role] | {"vigie.deadletters"} | changelogs
    asks = {"DescribeConfigs"} if role is Role.ERASE else set[str]()
    assert {operation for acl in acls for operation in acl["operations"]} <= {"Describe", "Read", "Write"} | asks
    assert all(acl["resource"]["patternType"] == "literal" for acl in acls)
    groups = {acl["resource"]["name"]: acl["operations"] for acl in acls if acl["resource"]["type"] == "group"}
    sees = {"vigie-track": ["Describe"]} if role is Role.ERASE else {}
    assert groups == {load_settings().group(role): ["Read"]} | sees


def test_enrich_is_scaled_by_its_own_lag_up_to_one_worker_a_partition() -> None:
    scaled = of_kind("ScaledObject")["vigie-enrich"]["spec"]
    (trigger,) = scaled["triggers"]
    assert scaled["scaleTargetRef"]["name"] == "vigie-enrich"
    assert "replicas" not in of_kind("Deployment")["vigie-enrich"]["spec"], "they would undo KEDA's at every apply"
    assert scaled["maxReplicaCount"] == of_kind("KafkaTopic")["tweets.raw"]["spec"]["partitions"]
    settings = load_settings()
    wanted = (settings.group("enrich"), settings.topics.raw, environment(Role.ENRICH)["VIGIE_BROKERS"])
    assert (trigger["metadata"]["consumerGroup"], trigger["metadata"]["topic"]) == wanted[:2]
    assert trigger["metadata"]["bootstrapServers"] == wanted[2]
    assert trigger["authenticationRef"]["name"] in of_kind("TriggerAuthentication")


def test_no_role_has_more_workers_than_partitions() -> None:
    most = {each["name"]: each["count"] for each in kustomization(PRODUCTION)["replicas"]}
    for name, partitions in (("vigie-track", PARTITIONS), ("vigie-notify", PARTITIONS), ("vigie-erase", 1)):
        assert max(most.get(name, 0), of_kind("Deployment")[name]["spec"]["replicas"]) <= partitions


# -- pods ----------------------------------------------------------------------------------------------


def environment(role: Role) -> dict[str, str]:
    lines = (BASE / "settings.env").read_text(encoding="utf-8").split()
    return dict(line.split("=", 1) for line in lines) | {each["name"]: each["value"] for each in container(role)["env"]}


@pytest.mark.parametrize("role", list(Role))
def test_a_pod_can_do_nothing_but_its_work(role: Role) -> None:
    spec, of_pod = container(role)["securityContext"], pod(role)["securityContext"]
    assert (of_pod["runAsNonRoot"], of_pod["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert spec == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
    assert f"USER {of_pod['runAsUser']}:{of_pod['runAsGroup']}" in dockerfile
    assert pod(role)["automountServiceAccountToken"] is False
    assert pod(role)["serviceAccountName"] in of_kind("ServiceAccount")
    assert "memory" in container(role)["resources"]["limits"]


@pytest.mark.parametrize("role", list(Role))
def test_services_near_by_put_no_unknown_settings_into_a_pod(role: Role) -> None:
    # VIGIE_..._SERVICE_HOST would stop the worker: an unknown setting.
    assert pod(role)["enableServiceLinks"] is False


@pytest.mark.parametrize("role", list(Role))
def test_a_pod_is_given_longer_than_a_worker_takes_to_stop(role: Role) -> None:
    assert pod(role)["terminationGracePeriodSeconds"] > worker._STOP_LIMIT_S + 2


@pytest.mark.parametrize("role", list(Role))
def test_a_stuck_worker_can_say_in_what_before_it_is_restarted(role: Role) -> None:
    probe = container(role)["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] > load_settings().stuck_after_s
    startup = container(role)["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] > load_settings().start_timeout_s


@pytest.mark.parametrize("role", list(Role))
def test_a_pod_is_asked_where_its_worker_answers(role: Role, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = environment(role)
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "password").write_text("open-sesame")
    mounted = {
        "VIGIE_SASL_PASSWORD_FILE": tmp_path / "password",
        "VIGIE_AUTHOR_KEY_FILE": tmp_path / "password",
        "VIGIE_TLS_CA_FILE": tmp_path / "ca.crt",
        "VIGIE_WATCHLIST": BASE / "config" / "watchlist.toml",
        "VIGIE_NOTIFY": BASE / "config" / "notify.toml",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, str(mounted.get(name, value)))
    app = create_app(load_settings(), role)
    (port,) = container(role)["ports"]
    assert (app.conf.web_bind, app.conf.web_port) == ("0.0.0.0", port["containerPort"])  # noqa: S104 - in a pod
    assert settings["VIGIE_SASL_USERNAME"] in of_kind("KafkaUser")
    for probe, page in (("startup", "live"), ("liveness", "live"), ("readiness", "ready")):
        assert container(role)[f"{probe}Probe"]["httpGet"] == {"path": f"/health/{page}", "port": port["name"]}


def test_who_makes_hashes_of_authors_and_who_looks_for_them_have_the_same_key_and_nobody_else() -> None:
    keys = {role: [each for each in pod(role)["volumes"] if each["name"] == "author-key"] for role in Role}
    assert {role for role, found in keys.items() if found} == {Role.ENRICH, Role.ERASE}
    assert keys[Role.ENRICH] == keys[Role.ERASE]


@pytest.mark.parametrize("role", list(Role))
def test_the_files_that_a_worker_is_told_of_are_mounted(role: Role) -> None:
    mounts = {each["mountPath"]: each["name"] for each in container(role)["volumeMounts"]}
    assert set(mounts.values()) == {each["name"] for each in pod(role)["volumes"]}
    assert not [each for each in container(role)["volumeMounts"] if "subPath" in each], "would never be read again"
    volumes = {each["name"]: each for each in pod(role)["volumes"]}
    generated = {each["name"]: each for each in kustomization(BASE)["configMapGenerator"]}
    for name, value in environment(role).items():
        if not value.startswith("/"):
            continue
        volume = volumes[mounts[str(Path(value).parent)]]
        if "secret" in volume:
            assert Path(value).name in [item["path"] for item in volume["secret"]["items"]], name
        else:
            assert f"config/{Path(value).name}" in generated[volume["configMap"]["name"]]["files"]
    assert [each["configMapRef"]["name"] for each in container(role)["envFrom"]] == ["vigie-settings"]
    assert "vigie-settings" in generated


@pytest.mark.parametrize("role", list(Role))
def test_a_disruption_takes_one_pod_of_a_role_at_a_time(role: Role) -> None:
    budget = of_kind("PodDisruptionBudget")[f"vigie-{role}"]["spec"]
    deployment = of_kind("Deployment")[f"vigie-{role}"]["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == deployment["selector"]
    assert deployment["template"]["metadata"]["labels"] == deployment["selector"]["matchLabels"]


def test_a_rollout_of_track_is_one_rebalance_and_others_never_have_a_worker_too_many() -> None:
    assert of_kind("Deployment")["vigie-track"]["spec"]["strategy"] == {"type": "Recreate"}
    for name in ("vigie-enrich", "vigie-notify", "vigie-erase"):
        assert of_kind("Deployment")[name]["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0


def test_only_prometheus_reaches_the_pods_and_only_notify_reaches_the_world() -> None:
    policy, notify = of_kind("NetworkPolicy")["vigie"]["spec"], of_kind("NetworkPolicy")["vigie-notify"]["spec"]
    (into,) = policy["ingress"]
    assert [port["port"] for port in into["ports"]] == [container(Role.TRACK)["ports"][0]["name"]]
    assert sorted({port["port"] for rule in policy["egress"] for port in rule["ports"]}) == [53, 9093]
    assert notify["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "notify"
    assert sorted(port["port"] for rule in notify["egress"] for port in rule["ports"]) == [443, 9093]


def test_prometheus_scrapes_the_pods_as_the_job_that_the_rules_know() -> None:
    monitor = of_kind("PodMonitor")["vigie"]["spec"]
    labels = of_kind("Deployment")["vigie-track"]["spec"]["template"]["metadata"]["labels"]
    (compose,) = documents(ROOT / "deploy/prometheus/prometheus.yml")
    assert labels[monitor["jobLabel"]] == compose["scrape_configs"][0]["job_name"] == "vigie"
    assert monitor["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("folder", KUSTOMIZATIONS, ids=lambda folder: folder.name)
def test_the_watchlist_and_the_notification_file_can_be_used(folder: Path) -> None:
    assert Watchlist.load(folder / "config" / "watchlist.toml").brands
    plan = load_plan(folder / "config" / "notify.toml")
    mounts = {each["mountPath"] for each in container(Role.NOTIFY)["volumeMounts"]}
    text = (folder / "config" / "notify.toml").read_text(encoding="utf-8")
    assert plan.channels
    assert {str(Path(named).parent) for named in re.findall(r'_file = "(.+)"', text)} <= mounts
