"""The files of deploy/ as a test sees them."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

__all__ = ["COMPOSE", "DEPLOY", "KUBERNETES", "ROOT", "blocks", "crd_schema", "documents", "project"]

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
KUBERNETES = DEPLOY / "kubernetes"

Document = dict[str, Any]


def documents(*paths: Path) -> Iterator[Document]:
    """Every YAML document of files, in order."""
    for path in paths:
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def crd_schema(kind: str) -> Document | None:
    """The strict JSON Schema of a custom resource; None when there is none (tests/deploy/crds/README.md)."""
    path = Path(__file__).parent / "crds" / f"{kind}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def project() -> Document:
    """The [project] table of pyproject.toml."""
    table: Document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def blocks(page: Path, kind: str) -> list[str]:
    """Blocks of a kind, without the indentation that a list gives them."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(text) for _, text in found]
