"""A Kafka that deletes and compacts within a second of when it may."""

from __future__ import annotations

from pathlib import Path

from agents.settings import Settings
from agents.topics import topic_specs
from tests.brokers.client import alter_topic
from tests.brokers.kafka import Kafka

__all__ = ["HOUR_S", "SwiftKafka", "hasten"]

HOUR_S = 0.5
"""Seconds that stand for an hour."""
_SETTINGS = """\
log.cleaner.backoff.ms=200
log.initial.task.delay.ms=500
log.retention.check.interval.ms=500
log.segment.delete.delay.ms=100
"""


class SwiftKafka(Kafka):
    """Parameters: ``folder``, as `Kafka`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)

    def _more_settings(self) -> str:
        return _SETTINGS


async def hasten(settings: Settings, *names: str) -> None:
    """Let `HOUR_S` be an hour in the settings of topics, the same ratios all over."""
    for spec in topic_specs(settings):
        if spec.name in names:
            times = {name: value for name, value in spec.config.items() if name.endswith(".ms")}
            quick = {name: str(max(1, round(int(value) / 3_600 * HOUR_S))) for name, value in times.items()}
            await alter_topic(settings.brokers, spec.name, quick)
