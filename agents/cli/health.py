"""``vigie health``: ask a worker on this machine whether it is well; for health checks of containers."""

from __future__ import annotations

import http.client
import sys

import click
import orjson

from agents import exits
from agents.cli.console import fail, out, print_json, read_settings
from agents.role import Role, roles_of, web_port
from agents.settings import Settings

__all__ = ["health"]

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - where a worker may serve, not where we do
_LONGEST_ANSWER = 64 * 1024


@click.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only this one.")
@click.option("--ready", is_flag=True, help="Also that its partitions are assigned and its state is recovered.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    help="Seconds to wait for each answer.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def health(role: str | None, *, ready: bool, timeout_s: float, as_json: bool) -> None:
    """Ask the worker on this machine whether it is well: every role that `vigie worker` runs, or one.

    Exits with 0 when all are, with 1 when one is not or does not answer. A wrong VIGIE_WEB_PORT
    or VIGIE_WEB_HOST asks the wrong place: give it the worker's own settings.
    """
    settings = read_settings()
    if not settings.web_port:
        fail("web_port (VIGIE_WEB_PORT) is 0: the worker serves nothing that could be asked", exits.FAILED)
    page = "/health/ready" if ready else "/health/live"
    answers = {
        each.value: _ask(settings, each, page, timeout_s) for each in ([Role(role)] if role else roles_of(settings))
    }
    if as_json:
        print_json({name: {"ok": ok, "detail": detail} for name, (ok, detail) in answers.items()})
    else:
        for name, (ok, detail) in answers.items():
            out.print(f"{'ok    ' if ok else 'FAILED'}  {name}: {detail}", markup=False)
    sys.exit(exits.OK if all(ok for ok, _ in answers.values()) else exits.FAILED)


def _ask(settings: Settings, role: Role, page: str, timeout_s: float) -> tuple[bool, str]:
    """Return whether the role says that it is well, and what it says."""
    host = "127.0.0.1" if settings.web_host in _EVERYWHERE else settings.web_host
    port = web_port(settings, role)
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
        status = orjson.loads(said)["status"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return status if isinstance(status, str) else ""
