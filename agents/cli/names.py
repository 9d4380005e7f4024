"""``vigie names``: who, what and where is named in a sample of tweets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from agents import exits
from agents.cli.console import fail, print_json
from agents.cli.lines import printable
from pipeline.archive import ArchiveError
from pipeline.archive.source import Source, lines
from pipeline.text.ner import NerNotUsable, SpacyReader, count_names, sample
from schemas.codec import JSONDecodeError, decode

__all__ = ["names"]


@click.command()
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--model", required=True, help="An installed spaCy model, or its folder: fr_core_news_sm.")
@click.option("--brand", help="Only mentions of this brand.")
@click.option(
    "--sample",
    "size",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="Texts to read, at most.",
)
@click.option("--top", type=click.IntRange(min=1), default=30, show_default=True, help="Names to print, at most.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def names(source: Path, model: str, brand: str | None, size: int, top: int, *, as_json: bool) -> None:
    """Count persons, organisations and places that a sample of tweets names.

    For reading into an alert. Needs the extra vigie[ner] and a spaCy model of your choice; such models
    find persons and places in tweets fairly well, organisations badly.

    \b
    FILE  JSONL, also .gz: tweets or mentions, a "text" in each. With
          VIGIE_KEEP_TEXT on, mentions of today come from
          vigie tail mentions --from-beginning --no-follow --json

    The sample holds each text once and is the same for all who ask.
    """  # noqa: D301 - click's mark for lines that stay as they are
    try:
        reader = SpacyReader(model)
        texts = sample(_texts(source, brand), size)
    except NerNotUsable as exc:
        fail(str(exc), exits.CONFIG)
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    if not texts:
        what = f"no text of a mention of {brand!r}" if brand else "no text"
        fail(f"{source}: {what}; mentions carry their text only with VIGIE_KEEP_TEXT on", exits.BAD_INPUT)
    counted = count_names(reader.read(texts))[:top]
    if as_json:
        found = [{"name": entity.name, "kind": entity.kind, "texts": count} for entity, count in counted]
        print_json({"model": reader.name, "texts": len(texts), "names": found})
        return
    click.echo(f"{len(texts)} texts read with {reader.name}")
    for entity, count in counted:
        click.echo(printable(f"{count:>6}  {entity.kind:<12}  {entity.name}"))


def _texts(source: Path, brand: str | None) -> Iterator[str]:
    with Source(source, None).open() as stream:
        for line in lines(stream):
            row = _row(line)
            text = row.get("text")
            if isinstance(text, str) and text and (brand is None or row.get("brand") == brand):
                yield text


def _row(line: bytes) -> Mapping[str, Any]:
    try:
        row = decode(line)
    except JSONDecodeError:
        return {}
    if not isinstance(row, dict):
        return {}
    data = row.get("data")
    return data if isinstance(data, dict) else row
