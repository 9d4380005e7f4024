"""Asking a broker who it is, which is also how to know that it is ready."""

from __future__ import annotations

import contextlib
import io
import secrets
import socket
import time

from aiokafka.protocol.api import RequestHeader_v1, ResponseHeader_v0
from aiokafka.protocol.metadata import MetadataRequest_v5

from agents.embedded.process import GuardedProcess

__all__ = ["LOOPBACK", "cluster_id", "free_port", "wait_until_ready"]

LOOPBACK = "127.0.0.1"
_LOWEST_PORT = 12_000
_PORTS = 20_000
"""Linux takes outgoing connections from 32768 on, others from 49152."""


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody holds at the moment.

    Below those that the system gives to outgoing connections: one of these could be gone before it is used.
    """
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind((LOOPBACK, port))
            return port


def cluster_id(bootstrap: str, timeout_seconds: float = 2.0) -> str | None:
    """Return the identity of the cluster that listens on ``bootstrap``, from one metadata request.

    Raises
    ------
    OSError
        Nobody answers there, or not in time.
    """
    host, _, port = bootstrap.rpartition(":")
    request = MetadataRequest_v5(topics=[], allow_auto_topic_creation=False)
    message = RequestHeader_v1(request, client_id="vigie").encode() + request.encode()
    with socket.create_connection((host, int(port)), timeout_seconds) as connection:
        connection.sendall(len(message).to_bytes(4, "big") + message)
        answer = io.BytesIO(_receive(connection, int.from_bytes(_receive(connection, 4), "big")))
    ResponseHeader_v0.decode(answer)
    name: str | None = request.RESPONSE_TYPE.decode(answer).cluster_id
    return name


def wait_until_ready(process: GuardedProcess, bootstrap: str, expected_cluster_id: str, timeout_seconds: float) -> bool:
    """Wait until ``process`` answers on ``bootstrap``; return false if it ended or took too long.

    The expected identity tells it from another broker that got hold of the port first.
    """
    deadline = time.monotonic() + timeout_seconds
    pause_seconds = 0.005
    while process.running and time.monotonic() < deadline:
        try:
            if cluster_id(bootstrap) == expected_cluster_id:
                return True
        except OSError:
            pass
        time.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, 0.25)
    return False


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionResetError("the broker closed the connection")
        received += part
    return received
