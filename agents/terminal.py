"""What a terminal would act on, written so that it does not: logs and JSON are read on terminals, too.

JSON asks for escapes below U+0020 only, and a terminal acts on more: U+009B begins a command as an escape does, and a
mark of direction turns the rest of the line.
"""

from __future__ import annotations

__all__ = ["escaped_json", "inert"]


def escaped_json(text: str) -> str:
    r"""Return JSON that says the same, with JSON's own escapes for what cannot be printed.

    >>> print(escaped_json('["é\u009b2J\u202e"]'))
    ["é\u009b2J\u202e"]
    """
    return text if text.isprintable() else "".join([c if c == "\n" or c.isprintable() else _units(c) for c in text])


def inert(text: str) -> str:
    r"""Return text with escapes for what cannot be printed, and its further lines indented.

    >>> print(inert("red \x1b[31m\n[ERROR] forged"))
    red \u001b[31m
      [ERROR] forged
    """
    return escaped_json(text).replace("\n", "\n  ")


def _units(character: str) -> str:
    """Return the escapes of a character's units in UTF-16."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join([f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)])
