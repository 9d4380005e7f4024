"""Apache Kafka in three nodes, of which any one may be lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agents.embedded.probe import free_port
from agents.embedded.process import GuardedProcess
from tests.brokers.asking import View, answers_of, view
from tests.brokers.base import Broker
from tests.brokers.client import create_topics
from tests.brokers.node import KafkaNode, Quorum

_NODE_IDS = (1, 2, 3)
_WHOLE_TIMEOUT_SECONDS = 60.0
_LEADER_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.05

_OFFSETS = "__consumer_offsets"
_OFFSETS_PARTITIONS = 4
_OFFSETS_CONFIG = {"cleanup.policy": "compact", "compression.type": "producer", "min.insync.replicas": "2"}


class KafkaCluster(Broker):
    """As one broker, it is all of the nodes: ``kill`` kills them all. A test that means one takes it from ``nodes``.

    Parameters
    ----------
    folder
        An empty one, for the nodes' settings, data and logs.
    """

    kind = "kafka"
    durable = True

    def __init__(self, folder: Path) -> None:
        ports = _free_ports(len(_NODE_IDS))
        quorum = Quorum(controller_ports=dict(zip(_NODE_IDS, ports, strict=True)), copies=3, in_sync=2)
        self.nodes = tuple(KafkaNode(folder / f"node{each}", quorum, each, max_heap="384m") for each in _NODE_IDS)

    @property
    def bootstrap(self) -> str:
        """Addresses of all nodes, ``host:port,host:port,host:port``."""
        return ",".join(node.bootstrap for node in self.nodes)

    @property
    def process(self) -> GuardedProcess | None:
        """Never one: each node has its own."""
        return None

    @property
    def running(self) -> bool:
        """Whether all nodes run."""
        return all(node.running for node in self.nodes)

    def start(self) -> None:
        """Start the nodes that do not run, and return when the cluster is whole: all know all, and copies are equal."""
        _at_once(KafkaNode.start, self.nodes)
        self._wait_until_whole()
        if not view(self.nodes[0].bootstrap).leaders_of(_OFFSETS):
            # No setting of the broker says how many copies of this internal topic must be in sync.
            making = create_topics(
                self.bootstrap, {_OFFSETS: _OFFSETS_PARTITIONS}, _OFFSETS_CONFIG, replication=len(self.nodes)
            )
            with ThreadPoolExecutor(1) as outside_any_loop:
                outside_any_loop.submit(asyncio.run, making).result()

    def stop(self) -> None:
        _at_once(KafkaNode.stop, self.nodes)

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()

    def pause(self) -> None:
        for node in self.nodes:
            node.pause()

    def resume(self) -> None:
        for node in self.nodes:
            node.resume()

    def leader_of(self, topic: str, partition: int) -> KafkaNode:
        """Return the node that leads a partition, when all nodes that answer say so and it is among them.

        Raises
        ------
        TimeoutError
            There is none after 30 seconds.
        """
        deadline = time.monotonic() + _LEADER_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            answers = answers_of(self.bootstrap, lambda address: (address, view(address)))
            led_by = {seen.leaders_of(topic).get(partition) for _, seen in answers}
            for node in self.nodes:
                if led_by == {node.node_id} and node.bootstrap in dict(answers):
                    return node
            time.sleep(_POLL_SECONDS)
        raise TimeoutError(f"{topic}/{partition} has no leader after {_LEADER_TIMEOUT_SECONDS} s")

    def _wait_until_whole(self) -> None:
        deadline = time.monotonic() + _WHOLE_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            views = answers_of(self.bootstrap, view)
            if len(views) == len(self.nodes) and all(_whole(each) for each in views):
                return
            time.sleep(_POLL_SECONDS)
        raise TimeoutError(f"the cluster is not whole after {_WHOLE_TIMEOUT_SECONDS} s: {self.nodes}")


def _whole(seen: View) -> bool:
    return seen.nodes == set(_NODE_IDS) and all(
        each.leader in each.in_sync == each.replicas for each in seen.partitions.values()
    )


def _at_once(do: Callable[[KafkaNode], None], nodes: tuple[KafkaNode, ...]) -> None:
    with ThreadPoolExecutor(len(nodes)) as threads:
        list(threads.map(do, nodes))


def _free_ports(count: int) -> set[int]:
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return ports
