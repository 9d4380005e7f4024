"""Paragraphs for people: wrapped to the terminal, safe to show, plain when nobody looks on."""

from __future__ import annotations

import textwrap

from rich.text import Text

from agents.cli.console import out

__all__ = ["paragraph", "safe", "show"]

_MOST_WIDTH = 100
"""Lines longer than this are hard to read."""
_GLUE = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"


def paragraph(text: str, *, first: str = "", rest: str | None = None, style: str = "") -> None:
    """Print a paragraph. Not rich's wrapping: it would break lines at no-break spaces.

    Parameters
    ----------
    text : str
        What to say. Without ``rest``, its own indentation is that of its lines.
    first, rest : str
        What stands before its first line, and before the others.
    style : str
        Of all of it, as rich names styles.
    """
    indent = first if rest is None else rest
    if rest is None:
        indent = " " * (len(text) - len(text.lstrip(" ")))
        first = indent
    width = min(out.width, _MOST_WIDTH)
    wrapper = textwrap.TextWrapper(
        width, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    for line in wrapper.wrap(text.lstrip(" ")) or [first.rstrip()]:
        show(line, style)


def show(text: str, style: str = "") -> None:
    """Print a line as it is, but for what a terminal would act on."""
    out.print(Text(safe(text), style=style))


def safe(text: str) -> str:
    """Replace what a terminal would act on: control characters, escapes, direction marks, lone surrogates."""
    return "".join(c if c.isprintable() or c in _GLUE else "\N{REPLACEMENT CHARACTER}" for c in text)
