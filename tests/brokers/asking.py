"""Questions to one node of a cluster and to no other; a client's library chooses the node by itself."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka.protocol.admin import DescribeConfigsRequest_v1
from aiokafka.protocol.api import RequestHeader_v1, RequestStruct, ResponseHeader_v0
from aiokafka.protocol.metadata import MetadataRequest_v5

T = TypeVar("T")

_TOPIC = 2
"""Kinds of resources, in the protocol: a topic."""
_SET_ON_TOPIC = 1
"""Where a setting comes from, in the protocol: the topic itself, not a default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    leader: int
    """A node ID; -1 when there is none."""
    replicas: frozenset[int]
    in_sync: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A cluster as one of its nodes sees it."""

    nodes: frozenset[int]
    """IDs of those that take part."""
    partitions: Mapping[tuple[str, int], Partition]

    def leaders_of(self, topic: str) -> dict[int, int]:
        """Return the leader of each partition that has one."""
        return {n: each.leader for (name, n), each in self.partitions.items() if name == topic and each.leader >= 0}


def view(address: str, timeout_seconds: float = 1.0) -> View:
    """Return what the node on ``host:port`` knows of its cluster.

    Raises
    ------
    OSError
        It does not answer, or not in time.
    """
    answer = _ask(address, MetadataRequest_v5(topics=None, allow_auto_topic_creation=False), timeout_seconds)
    return View(
        nodes=frozenset(node_id for node_id, *_ in answer.brokers),
        partitions={
            (topic, n): Partition(leader=leader, replicas=frozenset(replicas), in_sync=frozenset(in_sync))
            for error, topic, _internal, partitions in answer.topics
            if not error
            for _error, n, leader, replicas, in_sync, _offline in partitions
        },
    )


def topic_config(address: str, topic: str, timeout_seconds: float = 1.0) -> dict[str, str]:
    """Return the settings that are set on a topic itself, as the node on ``host:port`` knows them.

    Raises
    ------
    OSError
        It does not answer, or not in time.
    LookupError
        It knows no such topic.
    """
    request = DescribeConfigsRequest_v1(resources=[(_TOPIC, topic, None)], include_synonyms=False)
    [(error, message, _kind, _name, settings)] = _ask(address, request, timeout_seconds).resources
    if error:
        raise LookupError(f"{topic}: {message}")
    return {name: value for name, value, _read_only, source, *_ in settings if source == _SET_ON_TOPIC}


def answers_of(bootstrap: str, question: Callable[[str], T]) -> list[T]:
    """Put a question to each node of ``host:port,...``, and return what those say who answer."""
    answers = []
    for address in bootstrap.split(","):
        try:
            answers.append(question(address))
        except OSError:
            continue
    return answers


def _ask(address: str, request: RequestStruct, timeout_seconds: float) -> Any:
    host, _, port = address.rpartition(":")
    message = RequestHeader_v1(request, client_id="tests").encode() + request.encode()
    with socket.create_connection((host, int(port)), timeout_seconds) as connection:
        connection.sendall(len(message).to_bytes(4, "big") + message)
        stream = connection.makefile("rb")
        answer = io.BytesIO(_receive(stream, int.from_bytes(_receive(stream, 4), "big")))
    ResponseHeader_v0.decode(answer)
    return request.RESPONSE_TYPE.decode(answer)


def _receive(stream: io.BufferedReader, size: int) -> bytes:
    received = stream.read(size)
    if len(received) < size:
        raise ConnectionResetError("the node closed the connection")
    return received
