"""``vigie health``: ask a worker or an ingester on this machine whether it is well; for containers' health checks."""

from __future__ import annotations

import http.client
import sys

import click
import orjson

from agents import exits
from agents.cli.console import fail, out, print_json, read_settings
from agents.role import Role, ingest_web_port, roles_of, web_port
from agents.settings import Settings

__all__ = ["health"]

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - where a worker may serve, not where we do
_LONGEST_ANSWER = 64 * 1024
_INGEST = "ingest"


@click.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only this one.")
@click.option("--ingest", is_flag=True, help="The ingester instead (`vigie ingest`).")
@click.option(
    "--ready",
    is_flag=True,
    help="Also that its partitions are assigned and its state is recovered; of an ingester, that posts come in.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    help="Seconds to wait for each answer.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def health(role: str | None, *, ingest: bool, ready: bool, timeout_s: float, as_json: bool) -> None:
    """Ask the worker on this machine whether it is well: every role that `vigie worker` runs, or one.

    With --ingest the ingester is asked, at four above VIGIE_WEB_PORT, and which source it is of is told.

    Exits with 0 when all are, with 1 when one is not or does not answer. A wrong VIGIE_WEB_PORT
    or VIGIE_WEB_HOST asks the wrong place: give it the worker's own settings.
    """
    if ingest and role:
        fail("--role and --ingest name different processes: give one of them", exits.USAGE)
    settings = read_settings()
    if not settings.web_port:
        fail("web_port (VIGIE_WEB_PORT) is 0: nothing is served that could be asked", exits.FAILED)
    page = "/health/ready" if ready else "/health/live"
    answers = {name: _ask(settings, port, page, timeout_s) for name, port in _asked(settings, role, ingest=ingest)}
    if as_json:
        print_json({name: {"ok": ok, "detail": detail} for name, (ok, detail) in answers.items()})
    else:
        for name, (ok, detail) in answers.items():
            out.print(f"{'ok    ' if ok else 'FAILED'}  {name}: {detail}", markup=False)
    sys.exit(exits.OK if all(ok for ok, _ in answers.values()) else exits.FAILED)


def _asked(settings: Settings, role: str | None, *, ingest: bool) -> list[tuple[str, int]]:
    """Return whom to ask, and at which port."""
    if ingest:
        return [(_INGEST, ingest_web_port(settings))]
    return [(each.value, web_port(settings, each)) for each in ([Role(role)] if role else roles_of(settings))]


def _ask(settings: Settings, port: int, page: str, timeout_s: float) -> tuple[bool, str]:
    """Return whether whoever serves there says that it is well, and what it says."""
    host = "127.0.0.1" if settings.web_host in _EVERYWHERE else settings.web_host
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", page)
        answer = connection.getresponse()
        said = answer.read(_LONGEST_ANSWER)
    except (OSError, http.client.HTTPException) as exc:
        return False, f"no answer at {host}:{port}{page} within {timeout_s:g} s ({exc!r})"
    finally:
        connection.close()
    return answer.status == http.HTTPStatus.OK, _status(said) or f"HTTP {answer.status}"


def _status(said: bytes) -> str:
    try:
        page = orjson.loads(said)
        status, source = page["status"], page.get("source")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ""
    if not isinstance(status, str):
        return ""
    return f"{status}, {source}" if isinstance(source, str) else status
