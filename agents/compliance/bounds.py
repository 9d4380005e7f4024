"""For how long a topic is kept, as it should be and as the broker has it, in few words."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from agents.settings import Settings
from agents.topics import TopicSpec, admin_client

__all__ = ["configured", "kept_for"]

_CONNECT_S = 5.0
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms"))


async def configured(settings: Settings, specs: Collection[TopicSpec]) -> dict[str, dict[str, str]]:
    """Return the settings of topics as the broker has them; a topic that it says nothing of is left out.

    Raises
    ------
    BrokerUnreachable
        Nobody answered.
    """
    resources = [ConfigResource(ConfigResourceType.TOPIC, spec.name) for spec in specs]
    async with admin_client(settings, timeout_s=_CONNECT_S) as client:
        try:
            answers = await client.describe_configs(resources)
        except KafkaError:
            return {}
    return {
        name: {each[0]: each[1] for each in entries}
        for answer in answers
        for error, _message, _kind, name, entries in answer.resources
        if not error
    }


def kept_for(config: Mapping[str, str]) -> str:
    """Say for how long a topic with such settings is kept, in few words.

    >>> kept_for({"cleanup.policy": "compact,delete", "retention.ms": "31536000000", "segment.ms": "3600000"})
    '365 d, segments of 1 h, compacted'
    """
    policy = config.get("cleanup.policy", "delete").split(",")
    said = []
    if "delete" in policy:
        said.append(_time(config["retention.ms"]) if "retention.ms" in config else "?")
    if "segment.ms" in config:
        said.append(f"segments of {_time(config['segment.ms'])}")
    if "compact" in policy:
        said.append("compacted")
    return ", ".join(said)


def _time(milliseconds: str) -> str:
    number = int(milliseconds)
    if number < 0:
        return "for ever"
    size, unit = next((each for each in _UNITS if number % each[0] == 0 and number), _UNITS[-1])
    return f"{number // size} {unit}"
