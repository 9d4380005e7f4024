from __future__ import annotations

from agents.embedded.probe import free_port, hold_port


def free_ports(count: int) -> int:
    """Return the first of so many ports in a row that nobody holds, and hold them; a worker wants one a role."""
    while True:
        first = free_port()
        try:
            for port in range(first + 1, first + count):
                hold_port(port)
        except (OSError, OverflowError):
            continue
        return first
