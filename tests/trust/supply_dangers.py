"""Finds, in the syntax of Python files, what can run code that came as data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["ROOT", "Danger", "dangers", "python_files"]

ROOT = Path(__file__).parents[2]

_MODULES = frozenset(
    {"_pickle", "cPickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "pickle", "pickletools", "shelve"}
)
"""They make objects, and so run code, of bytes."""
_CALLS = frozenset(
    {
        "__import__",
        "asyncio.create_subprocess_shell",
        "builtins.compile",
        "builtins.eval",
        "builtins.exec",
        "compile",
        "eval",
        "exec",
        "importlib.import_module",
        "numpy.lib.format.read_array",
        "os.popen",
        "os.system",
        "pty.spawn",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "yaml.compose",
        "yaml.full_load",
        "yaml.full_load_all",
        "yaml.load",
        "yaml.load_all",
        "yaml.unsafe_load",
        "yaml.unsafe_load_all",
    }
)


class Danger(NamedTuple):
    """Where something dangerous stands."""

    path: str
    """From the root of the project."""
    line: int
    what: str


def python_files(*folders: str) -> Iterator[Path]:
    """Yield the Python files of folders of the project."""
    for folder in folders:
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)


def dangers(source: str, path: str) -> list[Danger]:
    """Return what a file does that it must not, in the order of its lines.

    A name is followed through ``import ... as ...``; not through assignments, since this watches over mistakes and not
    over somebody who hides.
    """
    tree = ast.parse(source, path)
    meaning = dict(_imported(tree))
    found = [
        Danger(path, getattr(node, "lineno", 0), what) for node in ast.walk(tree) for what in _dangers_of(node, meaning)
    ]
    return sorted(set(found))


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what each imported name means."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    alias.name if alias.asname else alias.name.partition(".")[0],
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dangers_of(node: ast.AST, meaning: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in _MODULES)
    elif isinstance(node, ast.ImportFrom):
        if (node.module or "").partition(".")[0] in _MODULES:
            yield node.module or ""
    elif isinstance(node, ast.Call):
        called = _dotted(node.func, meaning)
        if called in _CALLS:
            yield called
        yield from (what for keyword in node.keywords if (what := _keyword(keyword)))
    elif isinstance(node, ast.Name | ast.Attribute):
        # Named without being called: handed to something that will.
        name = _dotted(node, meaning)
        if name in _CALLS and "." in name:
            yield name


def _keyword(keyword: ast.keyword) -> str | None:
    value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
    match keyword.arg:
        case "shell" if value is not False:
            return "shell="
        case "allow_pickle" if value is not False:
            return "allow_pickle="
    return "a serializer 'pickle'" if value == "pickle" else None


def _dotted(node: ast.expr, meaning: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([meaning.get(node.id, node.id), *reversed(parts)])
