"""Write ``schemas/json`` from the event classes: ``python -m schemas.generate [--check]``."""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec
from pydantic import TypeAdapter

from schemas.codec import encode_pretty
from schemas.crisis import CrisisEvent
from schemas.deadletter import DeadLetter
from schemas.feedback import Feedback
from schemas.mention import Erasure, Gap, Mention, Watermark
from schemas.situation import CommunicationOverdue, Situation
from schemas.tweet import Tweet
from schemas.window import WindowClosed

__all__ = ["EVENTS", "json_schema", "main"]

EVENTS: dict[str, Any] = {
    "tweet": Tweet,
    "mention": Mention,
    "watermark": Watermark,
    "gap": Gap,
    "erasure": Erasure,
    "window-closed": WindowClosed,
    "crisis-event": CrisisEvent,
    "situation": Situation,
    "communication-overdue": CommunicationOverdue,
    "feedback": Feedback,
    "dead-letter": DeadLetter,
}
"""Schema name and class of everything on our topics (a dead letter: of its headers)."""

MAJOR_VERSION = 1
FOLDER = Path(__file__).parent / "json"


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an event, by its name in :data:`EVENTS`."""
    event = EVENTS[name]
    is_struct = issubclass(event, msgspec.Struct)
    generated = _of_struct(event) if is_struct else TypeAdapter(event).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:vigie:schema:{name}:{MAJOR_VERSION}",
        **generated,
    }


def _of_struct(event: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema of a Struct, with the docstrings of its fields, of which msgspec knows nothing."""
    _, definitions = msgspec.json.schema_components([event], ref_template="#/$defs/{name}")
    for name, definition in definitions.items():
        docstrings = _field_docstrings(vars(sys.modules[event.__module__])[name])
        for field, told in definition.get("properties", {}).items():
            told["description"] = docstrings[field]
    schema: dict[str, Any] = definitions.pop(event.__name__)
    return schema | ({"$defs": definitions} if definitions else {})


def _field_docstrings(kind: type) -> dict[str, str]:
    (definition,) = ast.parse(dedent(inspect.getsource(kind))).body
    return {
        field.target.id: inspect.cleandoc(doc.value.value)
        for field, doc in pairwise(ast.iter_child_nodes(definition))
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant) and isinstance(doc.value.value, str)
    }


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with ``--check`` only say whether they are as they should be."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a file differs")
    check = parser.parse_args(arguments).check
    wanted = {f"{name}.schema.json": encode_pretty(json_schema(name)) for name in EVENTS}
    FOLDER.mkdir(exist_ok=True)
    present = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    different = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    if check:
        if different:
            print(f"not as generated: {', '.join(different)}; run: make schemas", file=sys.stderr)
        return 1 if different else 0
    for name in different:
        if name in wanted:
            (FOLDER / name).write_bytes(wanted[name])
        else:
            (FOLDER / name).unlink()
        print(f"{'wrote' if name in wanted else 'removed'} schemas/json/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
