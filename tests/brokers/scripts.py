"""Kafka's own scripts, ``kafka-topics.sh`` and its like, in a folder for the PATH: what runbooks tell people to run."""

from __future__ import annotations

import shlex
from pathlib import Path

from tests.brokers.jars import tools_class_path

__all__ = ["KAFKA_SCRIPTS", "kafka_scripts"]

KAFKA_SCRIPTS = {
    "kafka-configs.sh": "org.apache.kafka.tools.ConfigCommand",
    "kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-console-producer.sh": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-consumer-groups.sh": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
}
"""Script and the class it runs, as in Kafka's distribution, which Maven does not have."""


def kafka_scripts(folder: Path) -> Path:
    """Write the scripts and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    # Quick to start: each runs for a second.
    java = "java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    for name, tool in KAFKA_SCRIPTS.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {java} -cp {shlex.quote(tools_class_path())} {tool} "$@"\n')
        script.chmod(0o755)
    return folder
