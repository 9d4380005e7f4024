"""A team's own models: what one must offer, and how one that is installed is found.

A package offers a model through an entry point, which names a callable without arguments that returns it:

    [project.entry-points."vigie.sentiment"]
    acme = "acme_models:Sentiment"

    [project.entry-points."vigie.language"]
    acme = "acme_models:Languages"

`pipeline.text.contract` says whether a model fits, `vigie models check` does so from the command line, and
`pipeline.text.plugged` puts one to work.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, Protocol, overload

from pipeline.text.sentiment import PolarityModel, Tables

__all__ = [
    "LanguageReader",
    "ModelKind",
    "ModelNotUsable",
    "SentimentModel",
    "installed",
    "load_model",
    "sentiment_model",
]


class SentimentModel(Protocol):
    """Reads sentiment. A text's result is a function of the text and its language alone, in every process."""

    name: str
    """Name and version: results may differ between models of different names only."""

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return P(negative), P(neutral), P(positive) a text, in order; the three sum to 1.

        Never raises on any text. An array of shape (n, 3) will do.
        """


class LanguageReader(Protocol):
    """Reads languages. A text's result is a function of the text and its hint alone, in every process."""

    name: str
    """Name and version: results may differ between models of different names only."""

    def languages(self, texts: Sequence[str], hints: Sequence[str | None]) -> Sequence[str]:
        """Return an ISO 639 code of two or three small letters a text, ``und`` when undecided, in order.

        Never raises on any text. A hint is whatever the platform said, or none.
        """


class ModelKind(StrEnum):
    """What a model reads."""

    SENTIMENT = "sentiment"
    LANGUAGE = "language"

    @property
    def group(self) -> str:
        """The group of its entry points."""
        return f"vigie.{self}"

    @property
    def method(self) -> str:
        """The method that a model of this kind must have."""
        return "probabilities" if self is ModelKind.SENTIMENT else "languages"


class ModelNotUsable(Exception):
    """There is no model of this name, or it cannot be used; the message says why in plain words."""


def installed(kind: ModelKind) -> dict[str, EntryPoint]:
    """Return the models that installed packages offer, by name, in order of their names."""
    return {point.name: point for point in sorted(entry_points(group=kind.group), key=lambda point: point.name)}


@overload
def load_model(kind: Literal[ModelKind.SENTIMENT], name: str) -> SentimentModel: ...
@overload
def load_model(kind: Literal[ModelKind.LANGUAGE], name: str) -> LanguageReader: ...
@overload
def load_model(kind: ModelKind, name: str) -> SentimentModel | LanguageReader: ...
def load_model(kind: ModelKind, name: str) -> SentimentModel | LanguageReader:
    """Load the model that an installed package offers under a name.

    Raises
    ------
    ModelNotUsable
        No package offers it, importing or making it fails, or what came of it is no such model.
    """
    offered = installed(kind)
    if name not in offered:
        others = ", ".join(offered) or "none"
        raise ModelNotUsable(f"no {kind} model {name!r} (entry points of the group {kind.group}). Installed: {others}")
    point = offered[name]
    model = _made(kind, point)
    lacking = missing(kind, model)
    if lacking:
        raise ModelNotUsable(f"{kind} model {name!r}: {point.value} of {_package(point)} makes {lacking}")
    return model  # type: ignore[no-any-return]  # checked above


def sentiment_model(name: str) -> SentimentModel | PolarityModel:
    """Load the sentiment model that an installed package offers under a name, or that ``vigie train`` wrote (.npz).

    Raises
    ------
    ModelNotUsable
        As `load_model`; also for a file that cannot be read or is no such model.
    """
    if not name.endswith(".npz"):
        return load_model(ModelKind.SENTIMENT, name)
    try:
        return PolarityModel(Tables.from_bytes(Path(name).read_bytes()))
    except OSError as error:
        raise ModelNotUsable(f"sentiment model {name}: {error.strerror}") from error
    except ValueError as error:
        raise ModelNotUsable(f"{name}: {error}") from error


def missing(kind: ModelKind, model: Any) -> str:
    """Say what an object lacks to be a model of a kind; empty when it lacks nothing."""
    what = f"a {type(model).__name__}"
    if not callable(getattr(model, kind.method, None)):
        return f"{what} without a method {kind.method!r}"
    name = getattr(model, "name", None)
    if not isinstance(name, str) or not name.strip():
        return f"{what} without a `name` that says which model and version it is"
    return ""


def _made(kind: ModelKind, point: EntryPoint) -> Any:
    where = f"{kind} model {point.name!r}: {point.value} of {_package(point)}"
    try:
        factory = point.load()
    except Exception as error:  # whatever somebody else's module raises while it is imported
        raise ModelNotUsable(f"{where} cannot be imported: {_said(error)}") from error
    if not callable(factory):
        raise ModelNotUsable(f"{where} is a {type(factory).__name__}; it must be a callable that returns the model")
    try:
        return factory()
    except Exception as error:  # as above
        raise ModelNotUsable(f"{where} cannot be made: {_said(error)}") from error


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
