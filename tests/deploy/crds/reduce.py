"""``python -m tests.deploy.crds.reduce SOURCE CRD.yaml...``: a strict JSON Schema of each custom resource.

Descriptions and ``status`` are left out, and a field that the definition does not know is an error: the API server
would drop it without a word. How the definitions are had is in the README beside this file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

__all__ = ["reduced", "strict"]

_METADATA = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
        "namespace": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def strict(schema: Any) -> Any:
    """Return a part of a definition's schema without prose, closed to unknown fields."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: {name: strict(part) for name, part in value.items()} if key == "properties" else strict(value)
        for key, value in schema.items()
        if not (key.startswith("x-kubernetes-") or key in ("description", "default"))
    }
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    if kept.get("properties") and "additionalProperties" not in kept:
        kept["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    return kept


def reduced(definition: Any, source: str) -> dict[str, Any]:
    """Return the JSON Schema of the newest version of a custom resource."""
    version = next(each for each in definition["spec"]["versions"] if each["storage"])
    group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"{kind} of {source}, Apache-2.0; made by tests/deploy/crds/reduce.py",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": f"{group}/{version['name']}"},
            "kind": {"const": kind},
            "metadata": _METADATA,
            "spec": strict(spec),
        },
    }


def main() -> None:
    """Write the schemas beside this file."""
    for path in map(Path, sys.argv[2:]):
        schema = reduced(yaml.safe_load(path.read_text(encoding="utf-8")), sys.argv[1])
        kind = schema["properties"]["kind"]["const"]
        target = Path(__file__).parent / f"{kind}.json"
        target.write_text(json.dumps(schema, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
