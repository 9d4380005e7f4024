"""One question of the page and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tests.bench.evaluation.tables import Table
from tests.bench.report.charts import Bars, Columns, Lines

__all__ = ["NOT_MEASURED", "Block", "Caption", "Section"]

NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """A sentence between the figures."""

    text: str
    heading: bool = False


Block: TypeAlias = Caption | Table | Bars | Lines | Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A question, and the blocks that answer it; none says that it was not measured."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
