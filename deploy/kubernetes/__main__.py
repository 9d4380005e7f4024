"""``python -m deploy.kubernetes``: write the manifests that follow from the code; ``--check`` only compares.

Topics, as `vigie topics create` makes them; Kafka users, with what each role does; the alert rules, as the Prometheus
operator wants them. Kustomize could do none of it, and a copy would not stay one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from agents.settings import Settings
from agents.topics import BRAND_STATE, NOTIFY_STATE, SOURCE_CLOCK, changelog, topic_specs

__all__ = ["PARTITIONS", "RAW_PARTITIONS", "REPLICAS", "manifests"]

RAW_PARTITIONS = 16
"""The most enrich workers that can share the work."""
PARTITIONS = 8
"""The most track workers that can share the work."""
REPLICAS = 3

_BASE = Path(__file__).parent / "base"
_RULES = Path(__file__).parents[1] / "prometheus"
_CLUSTER = {"strimzi.io/cluster": "kafka"}
_STRIMZI = "kafka.strimzi.io/v1"

_USERS_NOTE = """\
# Who may do what on Kafka, each role exactly what it does. Read and Write include Describe. Every role must see every
# topic: at its start it checks that all are there and fit. Idempotent producers need no right of their own: Write on
# a topic is enough since Kafka 2.8. vigie-erase sees how far track has come, and how long topics keep what is about
# people. vigie-keda looks at the lag of enrich. vigie-team is for the people who answer crises: `vigie feedback` reads
# what is open and what was refused, and writes what they say. vigie-audit is for `vigie compliance verify` and `vigie
# doctor`: it reads everything, so only a person should have it, for as long as that takes. vigie-ingest is for
# ingesters (`vigie ingest`): they write to tweets.raw, compliance messages included, and see nothing. One of your own
# needs a user of its own, with the same right.
"""


def main() -> None:
    """Write the manifests, or with ``--check`` exit with 1 when one is not as it would be written."""
    stale = []
    for path, text in manifests().items():
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"deploy/kubernetes/base: not up to date: {', '.join(stale)}; run: python -m deploy.kubernetes")


def manifests() -> dict[Path, str]:
    """Return the text of each generated manifest."""
    # Not the settings of whoever runs this: those of production are in settings.env, and none of them is a name.
    settings = Settings.model_construct()
    return {
        _BASE / "topics.yaml": _text(_topics(settings)),
        _BASE / "users.yaml": _text(_users(settings), _USERS_NOTE),
        _BASE / "rules.yaml": _text([_rules()]),
    }


def _topics(settings: Settings) -> Iterator[dict[str, Any]]:
    for spec in topic_specs(settings, raw_partitions=RAW_PARTITIONS, partitions=PARTITIONS):
        # A resource's name knows no underscore.
        name = spec.name.replace("_", "-")
        yield {
            "apiVersion": _STRIMZI,
            "kind": "KafkaTopic",
            "metadata": {"name": name, "labels": _CLUSTER},
            "spec": {
                **({"topicName": spec.name} if name != spec.name else {}),
                "partitions": spec.partitions,
                "replicas": REPLICAS,
                "config": {**spec.config, "min.insync.replicas": str(REPLICAS - 1)},
            },
        }


def _users(settings: Settings) -> Iterator[dict[str, Any]]:
    names = settings.topics
    specs = list(topic_specs(settings))
    every = [spec.name for spec in specs]
    clocks, states, told = (
        changelog(settings, role, table)
        for role, table in (("enrich", SOURCE_CLOCK), ("track", BRAND_STATE), ("notify", NOTIFY_STATE))
    )
    letters = names.deadletters
    for role, sources, results in (
        ("enrich", (names.raw, clocks), (names.mentions, names.compliance, letters, clocks)),
        ("track", (names.mentions, names.feedback, states), (names.windows, names.crises, letters, states)),
        ("notify", (names.crises, told), (letters, told)),
        ("erase", (names.compliance, names.crises), (names.mentions, names.crises, letters)),
    ):
        rights = {name: _operations(name in sources, name in results) for name in every}
        groups = [_acl("group", settings.group(role), ["Read"])]
        if role == "erase":
            rights |= {spec.name: [*rights[spec.name], "DescribeConfigs"] for spec in specs if spec.personal}
            groups.append(_acl("group", settings.group("track"), ["Describe"]))
        yield _user(f"vigie-{role}", [*groups, *(_acl("topic", name, rights[name]) for name in every)])
    yield _user("vigie-ingest", [_acl("topic", names.raw, ["Write"])])
    rights = {name: ["Describe"] for name in every} | {names.feedback: ["Write"]}
    rights |= {name: ["Read"] for name in (names.crises, names.deadletters)}
    yield _user("vigie-team", [_acl("topic", name, rights[name]) for name in every])
    yield _user("vigie-audit", [_acl("topic", name, ["Read", "DescribeConfigs"]) for name in every])
    group = _acl("group", settings.group("enrich"), ["Describe"])
    yield _user("vigie-keda", [group, _acl("topic", names.raw, ["Describe"])])


def _operations(reads: bool, writes: bool) -> list[str]:  # noqa: FBT001 - named where it is called
    return [operation for operation, does in (("Read", reads), ("Write", writes)) if does] or ["Describe"]


def _user(name: str, acls: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": _STRIMZI,
        "kind": "KafkaUser",
        "metadata": {"name": name, "labels": _CLUSTER},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": acls},
        },
    }


def _acl(kind: str, name: str, operations: list[str]) -> dict[str, Any]:
    return {"resource": {"type": kind, "name": name, "patternType": "literal"}, "operations": operations}


def _rules() -> dict[str, Any]:
    files = sorted(_RULES.glob("*.rules.yaml"), reverse=True)  # what is recorded before what alerts on it
    groups = [group for path in files for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "vigie"},
        "spec": {"groups": groups},
    }


class _Dumper(yaml.SafeDumper):
    """Writes YAML as people write it: indented lists, long texts in blocks, nothing by reference."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature
        return True


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block)


def _text(documents: Iterable[Mapping[str, Any]], note: str = "") -> str:
    head = "# Generated by `python -m deploy.kubernetes`; do not edit.\n"
    body = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return head + note + body


if __name__ == "__main__":
    main()
