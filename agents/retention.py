"""Whether topics on the broker keep what is about people for longer than they should."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from agents.settings import Settings
from agents.topics import TopicSpec, admin_client, topic_specs

__all__ = ["Configs", "Retention", "configs_of", "judged", "retention_of"]

_BOUNDS = ("retention.ms", "segment.ms", "max.compaction.lag.ms")
"""A larger value, and one below 0, keeps records for longer."""
_POLICY = "cleanup.policy"
_CLOCK = "message.timestamp.type"
"""By another clock than the broker's a record that is dated ahead keeps the whole of its segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configs:
    """Settings of topics as the broker has them."""

    known: dict[str, dict[str, str]] = field(default_factory=dict)
    """By topic."""
    unknown: dict[str, str] = field(default_factory=dict)
    """By topic, why they are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What the broker says of the topics that hold personal data."""

    problems: list[str] = field(default_factory=list)
    """One line for each topic that keeps it for longer than it should, with what to do."""
    unknown: dict[str, str] = field(default_factory=dict)
    """By topic, why its settings are not known."""


async def retention_of(settings: Settings) -> Retention:
    """Compare the settings of topics with personal data to those that `vigie topics create` gives them.

    A setting that the broker does not tell is passed over: the embedded one tells only what was set.

    Raises
    ------
    agents.topics.BrokerUnreachable
        Nobody answered.
    """
    return judged(settings, await configs_of(settings, [spec for spec in topic_specs(settings) if spec.personal]))


async def configs_of(settings: Settings, specs: Iterable[TopicSpec]) -> Configs:
    """Ask the broker for the settings of topics.

    Raises
    ------
    agents.topics.BrokerUnreachable
        Nobody answered.
    """
    names = [spec.name for spec in specs]
    async with admin_client(settings) as client:
        try:
            answers = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
        except KafkaError as exc:
            return Configs(unknown=dict.fromkeys(names, repr(exc)))
    found = Configs()
    for error, _message, _kind, name, entries in (each for answer in answers for each in answer.resources):
        if error:
            found.unknown[name] = f"{for_code(error).__name__} (the right needed is DescribeConfigs)"
        else:
            found.known[name] = _values(entries)
    return found


def judged(settings: Settings, configs: Configs) -> Retention:
    """Say which topics with personal data keep it for longer than they should, and of which that is not known."""
    found = Retention()
    for spec in topic_specs(settings):
        if not spec.personal:
            continue
        if spec.name in configs.unknown:
            found.unknown[spec.name] = configs.unknown[spec.name]
        elif wrong := dict(_differences(spec, configs.known.get(spec.name, {}))):
            found.problems.append(_line(settings, spec, wrong))
    return found


def _values(entries: list[Any]) -> dict[str, str]:
    return {name: value for name, value, *_ in entries if value is not None}


def _differences(spec: TopicSpec, found: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the settings that keep records for longer, with their values."""
    policy = found.get(_POLICY)
    if policy is not None and set(policy.split(",")) != set(spec.config[_POLICY].split(",")):
        yield _POLICY, policy
    clock = found.get(_CLOCK)
    if clock is not None and clock != spec.config.get(_CLOCK, clock):
        yield _CLOCK, clock
    for name in _BOUNDS:
        value, designed = found.get(name), spec.config.get(name)
        if value is not None and designed is not None and not 0 <= int(value) <= int(designed):
            yield name, value


def _line(settings: Settings, spec: TopicSpec, wrong: Mapping[str, str]) -> str:
    texts = settings.keep_text and spec.name == settings.topics.mentions
    what = "the texts of tweets (keep_text is on)" if texts else "personal data"
    said = ", ".join(f"{name} is {value} and should be {spec.config[name]}" for name, value in wrong.items())
    change = ",".join(
        f"{name}=[{value}]" if "," in (value := spec.config[name]) else f"{name}={value}" for name in wrong
    )
    return (
        f"topic {spec.name} keeps {what} for longer than it should: {said}. Change it with: kafka-configs.sh "
        f"--bootstrap-server {settings.brokers} --alter --entity-type topics --entity-name {spec.name} "
        f"--add-config '{change}'"
    )
