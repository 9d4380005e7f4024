"""The contenders of the bench: Vigie, a bare aiokafka loop, stock Faust, Quix Streams and Bytewax.

Each module but `peers` and `work` is one contender, run as ``python -m <module> <setup as JSON>`` in the environment of
its peer, which has what `schemas` and `pipeline` import and nothing of `agents`. All call the same functions
(`tests.bench.contenders.work`).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

__all__ = ["NAMES", "Setup"]

NAMES = (
    "vigie enrich",
    "vigie track",
    "vigie chain",
    "bare loop enrich",
    "bare loop chain",
    "stock faust",
    "quix streams",
    "bytewax",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a contender is told. Every topic has one partition and is there already."""

    brokers: str
    prefix: str
    """Before the name of every topic and consumer group of its own."""
    watchlist: str
    """Path of the file."""
    folder: str
    """For files of its own."""
    batch: int = 2000
    """Records that are read together, where it has batches."""
    chain: bool = True
    """Whether it tracks, too, or enriches only."""

    @property
    def raw(self) -> str:
        """The input topic."""
        return f"{self.prefix}tweets.raw"

    @property
    def mentions(self) -> str:
        """Where mentions go."""
        return f"{self.prefix}vigie.mentions"

    @property
    def windows(self) -> str:
        """Where closed minutes and their scores go."""
        return f"{self.prefix}vigie.windows"

    @property
    def crises(self) -> str:
        """Where crises go, of those who detect any."""
        return f"{self.prefix}vigie.crises"

    @property
    def states(self) -> str:
        """Where states go, of those who keep them in a topic of ours."""
        return f"{self.prefix}bench.states"

    def group(self, stage: str) -> str:
        """Return the consumer group of a stage."""
        return f"{self.prefix}vigie-{stage}"

    def to_json(self) -> str:
        """Return it as the argument of a contender."""
        return json.dumps(asdict(self))

    @classmethod
    def told(cls) -> Setup:
        """Return what this process was told."""
        return cls(**json.loads(sys.argv[1]))
