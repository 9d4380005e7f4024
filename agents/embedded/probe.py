"""Ports for a broker to come, and asking it who it is, which is also how to know that it is ready.

ADR: between choosing a port and serving on it seconds may go by, in which another process could choose the same. So the
port is bound here for as long as this process runs, in a way that keeps everybody off who asks for it as we do, and not
who then serves there: on Linux a port is shared by sockets that all have ``SO_REUSEADDR`` and of which one listens, and
servers set that (asyncio, Java, Go and Rust do by default). Elsewhere it would keep off the server, too.
"""

from __future__ import annotations

import atexit
import io
import secrets
import socket
import sys
import time
from collections import deque

from aiokafka.protocol.api import RequestHeader_v1, ResponseHeader_v0
from aiokafka.protocol.metadata import MetadataRequest_v5

from agents.embedded.process import GuardedProcess

__all__ = ["LOOPBACK", "cluster_id", "free_port", "hold_port", "wait_until_ready"]

LOOPBACK = "127.0.0.1"
_LOWEST_PORT = 12_000
_PORTS = 20_000
"""Linux takes outgoing connections from 32768 on, others from 49152."""
_MOST_HELD = 256
_held: deque[socket.socket] = deque()


@atexit.register
def _let_go() -> None:
    while _held:
        _held.popleft().close()


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody holds, and hold it.

    Below those that the system gives to outgoing connections: one of these could be gone before it is used.
    """
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_PORTS)
        try:
            hold_port(port)
        except OSError:
            continue
        return port


def hold_port(port: int) -> None:
    """Keep a TCP port of the loopback address for a server to come; ``OSError`` when somebody else holds it."""
    taken = socket.socket()
    try:
        taken.bind((LOOPBACK, port))
    except OSError:
        taken.close()
        raise
    if sys.platform != "linux":
        taken.close()
        return
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _held.append(taken)
    if len(_held) > _MOST_HELD:
        _held.popleft().close()


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
