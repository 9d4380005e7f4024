"""The page of all settings, ``deploy/settings.md``, written from the settings themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from agents.settings import GROUPS, Settings

__all__ = ["settings_page"]

_ABOVE = """\
# Settings

<!-- Written by `vigie config table`, from agents/settings. -->

Every setting can be given as a variable, or as a line of a TOML file that `VIGIE_CONFIG` names. What comes first wins:

1. the command line, for what has an option there (`vigie worker --help`);
2. the environment: the variable in the table;
3. the TOML file: the key in the table, at the top level, as in `brokers = "kafka-0:9092,kafka-1:9092"`;
4. the default.

`VIGIE_CONFIG` itself, and `VIGIE_ROLE` (which role `faust -A agents.app worker` runs), are read from the environment
only. An unknown name, in the environment or in the file, and a value that is not allowed stop the start with exit
code 78, and so do settings that do not go together; the message names each of them. `vigie config check` says so
without starting anything, and `vigie config show` prints what is in force.

**Secrets come from files only.** Settings that end in `_file` name a file, such as a mounted secret; neither a variable
nor the TOML file ever holds a password or a key. The files are read at the start: a changed one needs a restart, except
a token, which is read again for every connection.

The settings of the engine must be the same for all workers, and for `vigie replay`, for their results to be the same.

| variable | key in the file | allowed | default | meaning |
|---|---|---|---|---|
"""


def settings_page() -> str:
    """Return the page, in Markdown. It is the same on every machine."""
    return _ABOVE + "".join(f"| {' | '.join(row)} |\n" for row in _rows())


def _rows() -> Iterator[tuple[str, str, str, str, str]]:
    schema = Settings.model_json_schema()["properties"]
    for name, field in Settings.model_fields.items():
        if name in GROUPS:
            yield (f"**{GROUPS[name]}**", "", "", "", "")
        meaning = " ".join((field.description or "").split())
        allowed = _allowed(schema[name])
        default = "" if field.default is PydanticUndefined else _default(field.default)
        yield (f"`VIGIE_{name.upper()}`", f"`{name}`", allowed, default, meaning.replace("|", "\\|"))


def _allowed(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:  # something or nothing
        schema = next(each for each in schema["anyOf"] if each["type"] != "null")
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    match schema["type"]:
        case "boolean":
            return "`true`, `false`"
        case "integer" | "number" as kind:
            return f"{'whole number' if kind == 'integer' else 'number'}, {_bounds(schema)}"
        case _:
            return "path" if schema.get("format") == "path" else "text"


def _bounds(schema: dict[str, Any]) -> str:
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    if lowest is None:
        least = f"above {schema['exclusiveMinimum']:.15g}"
        return least if highest is None else f"{least}, up to {highest:.15g}"
    return f"{lowest:.15g} or more" if highest is None else f"{lowest:.15g} to {highest:.15g}"


def _default(value: Any) -> str:
    match value:
        case None:
            return "none"
        case "":
            return "empty"
        case bool():
            return f"`{str(value).lower()}`"
        case Path() if value.is_relative_to(tempfile.gettempdir()):
            return f"`$TMPDIR/{value.relative_to(tempfile.gettempdir())}`"
        case _:
            return f"`{value}`"
