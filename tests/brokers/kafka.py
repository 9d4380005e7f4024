"""Apache Kafka itself: one node, KRaft, on the loopback address."""

from __future__ import annotations

import base64
import secrets
import subprocess
from pathlib import Path

from agents.embedded.probe import LOOPBACK, free_port, wait_until_ready
from agents.embedded.process import GuardedProcess
from tests.brokers.base import Broker
from tests.brokers.jars import class_path

_START_TIMEOUT_SECONDS = 90.0
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data

# As in production: topics are made on purpose.
auto.create.topics.enable=false

# One node holds everything.
default.replication.factor=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1

# Tests wait neither for members who will not come nor for a killed broker to be given up, and replay old
# tweets, which must not expire at once.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=1500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
log.retention.ms=-1
"""


class Kafka(Broker):
    """Parameters: ``folder``, an empty one for its settings, data and log."""

    kind = "kafka"
    durable = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._cluster_id = _new_cluster_id()
        self._process: GuardedProcess | None = None

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    @property
    def process(self) -> GuardedProcess | None:
        return self._process

    @property
    def log(self) -> Path:
        """What the broker prints."""
        return self._folder / "kafka.log"

    def start(self) -> None:
        if self.running:
            return
        if not self._settings.exists():
            self._format()
        with self.log.open("ab") as log:
            self._process = GuardedProcess(self._java("kafka.Kafka", str(self._settings)), log)
        if not wait_until_ready(self._process, self.bootstrap, self._cluster_id, _START_TIMEOUT_SECONDS):
            self.kill()
            raise RuntimeError(f"Apache Kafka did not start:\n{self.log.read_text(errors='replace')[-5000:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop(grace_seconds=30)
            self._process = None

    @property
    def _settings(self) -> Path:
        return self._folder / "server.properties"

    def _format(self) -> None:
        settings = _SETTINGS.format(host=LOOPBACK, port=self._port, controller_port=free_port(), folder=self._folder)
        self._settings.write_text(settings, encoding="utf-8")
        command = self._java("kafka.tools.StorageTool", "format", "-t", self._cluster_id, "-c", str(self._settings))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Apache Kafka's storage could not be made:\n{done.stdout}{done.stderr}")

    @staticmethod
    def _java(*arguments: str) -> list[str]:
        # Quick to start and small, rather than fast for days.
        options = ["-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
        options += ["-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return ["java", *options, "-cp", class_path(), *arguments]


def _new_cluster_id() -> str:
    # 16 bytes in URL-safe base 64, which must not look like an option of the command line.
    return base64.urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")
