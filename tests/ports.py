from __future__ import annotations

import socket

from agents.embedded.probe import LOOPBACK, free_port


def free_ports(count: int) -> int:
    """Return the first of so many ports in a row that nobody holds at the moment; a worker wants one a role."""
    while True:
        first = free_port()
        try:
            for port in range(first, first + count):
                with socket.socket() as taken:
                    taken.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            continue
        return first
