"""One node of Apache Kafka (KRaft, both broker and controller), on the loopback address."""

from __future__ import annotations

import base64
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents.embedded.probe import LOOPBACK, free_port, wait_until_ready
from agents.embedded.process import GuardedProcess
from tests.brokers.base import Broker
from tests.brokers.jars import class_path

_START_TIMEOUT_SECONDS = 90.0
_SETTINGS = """\
process.roles=broker,controller
node.id={node_id}
controller.quorum.voters={voters}
listeners=CONTROLLER://{host}:{controller_port},{listeners}
advertised.listeners={listeners}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
log.dirs={folder}/data

# As in production: topics are made on purpose.
auto.create.topics.enable=false

# How many nodes hold everything.
default.replication.factor={copies}
offsets.topic.num.partitions=4
offsets.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={in_sync}
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={copies}

# Tests wait neither for members who will not come nor for a killed broker to be given up, and replay old
# tweets, which must not expire at once.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=1500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
log.retention.ms=-1
{more}"""


def _new_cluster_id() -> str:
    # 16 bytes in URL-safe base 64, which must not look like an option of the command line.
    return base64.urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """What the nodes of one cluster agree on."""

    controller_ports: Mapping[int, int]
    """By node ID."""
    copies: int
    """Nodes that hold each internal topic, and each topic that does not say."""
    in_sync: int
    """How many of these must have a record of an internal topic before it is acknowledged."""
    cluster_id: str = field(default_factory=_new_cluster_id)


class KafkaNode(Broker):
    """A node that can be killed, paused and started by itself.

    Parameters
    ----------
    folder
        For its settings, data and log; empty, or not there yet.
    quorum
        The cluster it is a part of.
    node_id
        Its number there, which is also its number in clients' metadata.
    max_heap
        As Java writes it.
    """

    kind = "kafka"
    durable = True

    def __init__(self, folder: Path, quorum: Quorum, node_id: int, *, max_heap: str) -> None:
        self.node_id = node_id
        self._folder = folder
        self._quorum = quorum
        self._max_heap = max_heap
        self._listeners = {"PLAINTEXT": free_port()}
        """Port of each listener for clients, by its name, which is that of its security protocol."""
        self._process: GuardedProcess | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.node_id} on {self.bootstrap}>"

    @property
    def bootstrap(self) -> str:
        return self._address("PLAINTEXT")

    @property
    def process(self) -> GuardedProcess | None:
        return self._process

    @property
    def log(self) -> Path:
        """What the broker prints."""
        return self._folder / "kafka.log"

    def start(self) -> None:
        """Start it and return when it answers, which it does once most of its cluster's nodes run."""
        if self.running:
            return
        if not self._settings.exists():
            self._format()
        with self.log.open("ab") as log:
            self._process = GuardedProcess(self._java("kafka.Kafka", str(self._settings)), log)
        if not wait_until_ready(self._process, self.bootstrap, self._quorum.cluster_id, _START_TIMEOUT_SECONDS):
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
        ports = self._quorum.controller_ports
        settings = _SETTINGS.format(
            host=LOOPBACK,
            listeners=",".join(f"{name}://{LOOPBACK}:{port}" for name, port in self._listeners.items()),
            node_id=self.node_id,
            controller_port=ports[self.node_id],
            voters=",".join(f"{node_id}@{LOOPBACK}:{port}" for node_id, port in ports.items()),
            copies=self._quorum.copies,
            in_sync=self._quorum.in_sync,
            folder=self._folder,
            more=self._more_settings(),
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        self._settings.write_text(settings, encoding="utf-8")
        options = ["-t", self._quorum.cluster_id, "-c", str(self._settings), *self._format_options()]
        command = self._java("kafka.tools.StorageTool", "format", *options)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Apache Kafka's storage could not be made:\n{done.stdout}{done.stderr}")

    def _address(self, listener: str) -> str:
        return f"{LOOPBACK}:{self._listeners[listener]}"

    def _more_settings(self) -> str:
        """Return lines for the settings of a node that is special."""
        return ""

    def _format_options(self) -> list[str]:
        """Return what else such a node's storage begins with."""
        return []

    def _java(self, *arguments: str) -> list[str]:
        # Quick to start and small, rather than fast for days.
        options = ["-Xms64m", f"-Xmx{self._max_heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        options += ["-XX:-UsePerfData", "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return ["java", *options, "-cp", class_path(), *arguments]
