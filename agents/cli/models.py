"""``vigie models``: a team's own models, and whether they fit."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from agents import exits
from agents.cli.console import fail, out, print_json
from pipeline.text.contract import check_model, fingerprint
from pipeline.text.models import LanguageReader, ModelKind, ModelNotUsable, SentimentModel, installed, load_model
from pipeline.text.plugged import ModelMisbehaves

__all__ = ["models"]

_KINDS = click.Choice([kind.value for kind in ModelKind])

_FRESH_PROCESS = """
import sys
from pipeline.text.contract import fingerprint
from pipeline.text.models import ModelKind, load_model
kind = ModelKind(sys.argv[1])
print("fingerprint", fingerprint(kind, load_model(kind, sys.argv[2])))
"""


@click.group()
def models() -> None:
    """List and check models of your own."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_models(*, as_json: bool) -> None:
    """List the models that installed packages offer.

    A package offers one through an entry point of the group vigie.sentiment or vigie.language.
    """
    offered = {kind: installed(kind) for kind in ModelKind}
    if as_json:
        print_json(
            {kind.value: {name: point.value for name, point in points.items()} for kind, points in offered.items()}
        )
        return
    for kind, points in offered.items():
        for name, point in points.items():
            package = f" ({point.dist.name} {point.dist.version})" if point.dist else ""
            click.echo(f"{kind:<10} {name}: {point.value}{package}")
        if not points:
            click.echo(f"{kind:<10} none installed (entry points of the group {kind.group}); Vigie uses its own")


@models.command()
@click.argument("kind", type=_KINDS)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(kind: str, name: str, *, as_json: bool) -> None:
    """Say whether an installed model fits, and if not, which rules it breaks.

    It must answer any text: with three probabilities that sum to 1, or with a language code; alike in
    every batch, order and process; in bounded time and memory. Exits with 1 when a rule is broken.
    """
    findings = _findings(ModelKind(kind), name)
    if as_json:
        print_json({"kind": kind, "name": name, "ok": not findings, "findings": findings})
    elif findings:
        for finding in findings:
            click.echo(f"FAILED  {finding}")
    else:
        out.print(f"ok: {kind} model {name} fits")
    sys.exit(exits.FAILED if findings else exits.OK)


def _findings(kind: ModelKind, name: str) -> list[str]:
    try:
        model = load_model(kind, name)
    except ModelNotUsable as exc:
        fail(str(exc), exits.CONFIG)
    return check_model(kind, model) or _differences(kind, name, model)


def _differences(kind: ModelKind, name: str, model: SentimentModel | LanguageReader) -> list[str]:
    """Return what a fresh process, with another seed of hashes, does otherwise."""
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    fresh = subprocess.run(  # noqa: S603 - this very Python, with a script of ours
        [sys.executable, "-c", _FRESH_PROCESS, kind, name],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if fresh.returncode:
        last = (fresh.stderr.strip().splitlines() or ["no message"])[-1]
        return [f"in a fresh process it fails: {last}"]
    try:
        same = f"fingerprint {fingerprint(kind, model)}" in fresh.stdout.splitlines()
    except ModelMisbehaves as error:
        return [f"asked again, it fails: {error}"]
    return [] if same else ["in a fresh process it answers differently: two workers would not agree"]
