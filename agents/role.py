"""The parts of Vigie that run as applications of their own."""

from __future__ import annotations

from enum import StrEnum

from agents.settings import Settings

__all__ = ["Role", "ingest_web_port", "roles_of", "web_port"]


class Role(StrEnum):
    """Each is a consumer group and a process, so that it scales alone."""

    ENRICH = "enrich"
    TRACK = "track"
    NOTIFY = "notify"
    ERASE = "erase"


def roles_of(settings: Settings) -> list[Role]:
    """Return the roles that `vigie worker` runs when it is not told one: nobody is notified without a file."""
    return [role for role in Role if role is not Role.NOTIFY or settings.notify is not None]


def web_port(settings: Settings, role: Role) -> int:
    """Return where a role serves health and metrics, when the web server is not switched off."""
    return settings.web_port + list(Role).index(role)


def ingest_web_port(settings: Settings) -> int:
    """Return where an ingester serves them: behind the roles, so that one beside a worker is in nobody's way."""
    return settings.web_port + len(Role)
