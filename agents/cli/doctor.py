"""``vigie doctor``: check everything a worker needs."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict

import click

from agents import exits
from agents.cli.console import print_json, read_settings
from agents.diagnosis import Finding, diagnose
from agents.settings import Settings

__all__ = ["doctor"]


@click.command()
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    help="Seconds to wait for the broker.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(timeout_s: float, *, as_json: bool) -> None:
    """Check settings, watchlist, broker, topics, retention of personal data, consumer lag and state.

    Exits with 0 when all is well, with 1 when a check failed.
    """
    settings = read_settings()
    findings = asyncio.run(_collect(settings, timeout_s, say=not as_json))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    sys.exit(exits.OK if all(finding.ok for finding in findings) else exits.FAILED)


async def _collect(settings: Settings, timeout_s: float, *, say: bool) -> list[Finding]:
    findings = []
    async for finding in diagnose(settings, timeout_s=timeout_s):
        findings.append(finding)
        if say:
            mark = "ok    " if finding.ok else "FAILED"
            click.echo(f"{mark}  {finding.check}: {finding.detail}")
    return findings
