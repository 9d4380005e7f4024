"""Columns of an archive, as commands are told of them."""

from __future__ import annotations

import click

__all__ = ["parse_mapping"]


def parse_mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    """Parse ``--column field=column`` options; none when there are none."""
    if not pairs:
        return None
    wrong = [pair for pair in pairs if not all(pair.partition("="))]
    if wrong:
        raise click.BadParameter(f"expected field=column, got {wrong[0]!r}", param_hint="--column")
    return dict(pair.split("=", 1) for pair in pairs)
