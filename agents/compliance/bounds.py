"""For how long a topic is kept, in few words."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["kept_for"]

_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms"))


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
