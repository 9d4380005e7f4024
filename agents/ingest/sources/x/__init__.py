"""X as a source: `vigie ingest x` and `vigie ingest x-compliance`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NoReturn

import click

from agents import exits
from agents.cli.console import fail, read_settings
from agents.ingest.contract import SourceRefused
from agents.ingest.runner import run_source
from agents.ingest.sources.x.compliance import KINDS, PARTITIONS, ComplianceSource
from agents.ingest.sources.x.connection import Patience
from agents.ingest.sources.x.plan import run_plan
from agents.ingest.sources.x.stream import XSource
from agents.ingest.sources.x.sync import RuleSync
from agents.settings import Settings
from pipeline.ingest.xaccess import ACCESS, Access

__all__ = ["command", "compliance_command"]

_MOST_MINUTES = 5
_token_file = click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="File with the app's Bearer token, instead of VIGIE_X_TOKEN_FILE.",
)
_access = click.option(
    "--access", type=click.Choice(list(ACCESS)), help="What is agreed with X, instead of VIGIE_X_ACCESS."
)
_backfill = click.option(
    "--backfill",
    type=click.IntRange(0, _MOST_MINUTES),
    help="Minutes that X sends again after a disconnection. [default: what the access level has]",
)
_stall = click.option(
    "--stall",
    type=click.FloatRange(min=0.1, max=600),
    default=Patience().stall_s,
    show_default=True,
    help="Seconds of silence after which a connection is given up; X sends something every 20.",
)


@click.command("x")
@click.option(
    "--plan", is_flag=True, help="Only show which rules X would be given. Needs no token; with one, X is asked."
)
@click.option("--json", "as_json", is_flag=True, help="With --plan: for programs.")
@click.option("--watchlist", type=click.Path(path_type=Path), help="Instead of VIGIE_WATCHLIST.")
@_token_file
@_access
@click.option(
    "--connections", type=click.IntRange(1, 10), help="Connections at the same time. [default: by access level]"
)
@_backfill
@click.option("--rules", type=click.IntRange(1), help="Rules that X allows. [default: by access level]")
@click.option("--rule-length", type=click.IntRange(64), help="Characters of a rule. [default: by access level]")
@click.option("--keep-rules", is_flag=True, help="Leave the rules at X as they are.")
@_stall
def command(  # noqa: PLR0913 - one for each option
    *,
    plan: bool,
    as_json: bool,
    watchlist: Path | None,
    token_file: Path | None,
    access: str | None,
    connections: int | None,
    backfill: int | None,
    rules: int | None,
    rule_length: int | None,
    keep_rules: bool,
    stall: float,
) -> None:
    """Follow X's filtered stream, with rules made of the watchlist, into tweets.raw.

    The rules at X are kept those of the watchlist, also when it changes; those of others are left alone. What is
    posted while there is no connection, and is not sent again, is recorded as a gap.
    """
    settings = read_settings(watchlist=watchlist, x_token_file=token_file, x_access=access)
    allowed = _allowed(
        settings, connections=connections, backfill_minutes=backfill, rules=rules, rule_chars=rule_length
    )
    if plan:
        run_plan(settings, allowed, as_json=as_json)
    if as_json:
        raise click.UsageError("--json goes with --plan")
    if not allowed.connections:
        fail(
            f"x_access (VIGIE_X_ACCESS): {settings.x_access} has no filtered stream; set it to what you have agreed "
            "with X, or give --connections, --rules and --rule-length",
            exits.CONFIG,
        )
    try:
        source = XSource(
            settings,
            rules=None if keep_rules else RuleSync(settings.watchlist, allowed),
            connections=allowed.connections,
            backfill_minutes=allowed.backfill_minutes,
            patience=Patience(stall_s=stall),
        )
    except SourceRefused as exc:
        _refused(exc)
    run_source(source, settings)


@click.command("x-compliance")
@_token_file
@_backfill
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    multiple=True,
    help="Only notices of posts, or of accounts. Repeatable. [default: both]",
)
@click.option(
    "--partition",
    type=click.IntRange(min(PARTITIONS), max(PARTITIONS)),
    multiple=True,
    help="Only these parts of the four. Repeatable. [default: all; you need all of them]",
)
@_stall
def compliance_command(
    *,
    token_file: Path | None,
    backfill: int | None,
    kind: tuple[str, ...],
    partition: tuple[int, ...],
    stall: float,
) -> None:
    """Follow X's compliance streams into tweets.raw: what was deleted, withheld, protected, edited.

    Needs Enterprise access, whatever VIGIE_X_ACCESS says. Eight connections: posts and accounts, in four parts each.
    """
    settings = read_settings(x_token_file=token_file)
    try:
        source = ComplianceSource(
            settings,
            kinds=[each for each in KINDS if not kind or each in kind],
            partitions=[each for each in PARTITIONS if not partition or each in partition],
            backfill_minutes=ACCESS["enterprise"].backfill_minutes if backfill is None else backfill,
            patience=Patience(stall_s=stall),
        )
    except SourceRefused as exc:
        _refused(exc)
    run_source(source, settings)


def _allowed(settings: Settings, **options: Any) -> Access:
    """Return what the access level allows, and what options say it does."""
    given = {name: value for name, value in options.items() if value is not None}
    return dataclasses.replace(ACCESS[settings.x_access], **given)


def _refused(exc: SourceRefused) -> NoReturn:
    fail(str(exc), exits.CONFIG)
