"""Who takes part, how each is started, and what it leaves out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.role import Role
from agents.settings import Settings, load_settings
from tests.bench.cluster import Cluster
from tests.bench.contenders import Setup, peers
from tests.bench.load import Load
from tests.bench.measuring import Child, version_of
from tests.bench.workers import RoleWorker

__all__ = ["CONTENDERS", "Contender", "Place"]

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to do the work."""

    name: str
    start: Callable[[Place, Setup], Sequence[Child]]
    """Starts its processes."""
    reads: tuple[tuple[str, str], ...]
    """Its consumer groups (`Setup.group`) and what they read and commit, in order: ``raw`` or ``mentions``."""
    version: Callable[[], str]
    note: str = ""
    share: float = 1.0
    """Of the records that are counted: slow ones get fewer."""
    chain: bool = True
    prepare: Callable[[], object] = str
    """Called once, before anything is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is measured, and with what."""

    cluster: Cluster
    load: Load
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of Vigie, other than by default."""

    def setup(self, prefix: str, *, chain: bool = True) -> Setup:
        """Return what a contender is told, with the watchlist and a folder made."""
        folder = self.cluster.folder / prefix.strip(".")
        folder.mkdir(parents=True)
        watchlist = folder / "watchlist.toml"
        watchlist.write_text(self.load.watchlist(), encoding="utf-8")
        return Setup(
            brokers=self.cluster.bootstrap, prefix=prefix, watchlist=str(watchlist), folder=str(folder), chain=chain
        )

    def vigie(self, setup: Setup) -> Settings:
        """Return Vigie's settings: those of a user, but for sessions that outlast being frozen."""
        return load_settings(
            brokers=setup.brokers,
            topic_prefix=setup.prefix,
            watchlist=Path(setup.watchlist),
            data_dir=Path(setup.folder) / "faust",
            session_timeout_s=60.0,
            idle_timeout_s=3600.0,
            log_level="WARNING",
            **self.settings,
        )


def _vigie(*roles: Role) -> Callable[[Place, Setup], Sequence[Child]]:
    def start(place: Place, setup: Setup) -> Sequence[Child]:
        settings = place.vigie(setup)
        core = place.cluster.worker_core
        return [RoleWorker(settings, role, Path(setup.folder) / f"{role.value}.log", core) for role in roles]

    return start


def _peer(module: str, peer: str | None = None) -> Callable[[Place, Setup], Sequence[Child]]:
    def start(place: Place, setup: Setup) -> Sequence[Child]:
        python = sys.executable if peer is None else peers.interpreter(peer)
        command = [python, "-m", f"tests.bench.contenders.{module}", setup.to_json()]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
        environment |= {"PYTHONPATH": str(_ROOT)}
        return [Child(command, environment, Path(setup.folder) / f"{module}.log", place.cluster.worker_core)]

    return start


def _vigie_version() -> str:
    return f"{version_of('vigie')} on {version_of('faust-streaming')}"


CONTENDERS = (
    Contender(
        name="vigie enrich",
        start=_vigie(Role.ENRICH),
        reads=(("enrich", "raw"),),
        version=_vigie_version,
        chain=False,
    ),
    Contender(name="vigie track", start=_vigie(Role.TRACK), reads=(("track", "mentions"),), version=_vigie_version),
    Contender(
        name="vigie chain",
        start=_vigie(Role.ENRICH, Role.TRACK),
        reads=(("enrich", "raw"), ("track", "mentions")),
        version=_vigie_version,
        note="Two processes, on one core where processes can be pinned.",
    ),
    Contender(
        name="bare loop enrich",
        start=_peer("bare_loop"),
        reads=(("enrich", "raw"),),
        version=lambda: version_of("aiokafka"),
        chain=False,
        note="Only the loop: no tables, no clock that survives a restart, no metrics, no dead letters.",
    ),
    Contender(
        name="bare loop chain",
        start=_peer("bare_loop"),
        reads=(("enrich", "raw"), ("track", "mentions")),
        version=lambda: version_of("aiokafka"),
        note="As before, on the same two topics as Vigie, in one process: two switches between processes fewer.",
    ),
    Contender(
        name="stock faust",
        start=_peer("stock_faust"),
        reads=(("stock", "raw"), ("stock", "mentions")),
        version=lambda: version_of("faust-streaming"),
        share=0.25,
        note="Counts the mentions and the negative ones of each minute and scores them: no rolling windows, concerns "
        "or crises, and nothing that keeps counts exact when a worker dies. Counts of a batch are added at once. All "
        "this is in its favour.",
    ),
    Contender(
        name="quix streams",
        start=_peer("quix_streams", "quixstreams"),
        reads=(("quix", "raw"), ("quix", "mentions")),
        version=lambda: peers.version("quixstreams"),
        share=0.5,
        prepare=lambda: peers.interpreter("quixstreams"),
        note="Has no batches (its count windows collect records of one key, by way of the state store), so functions "
        "that are made for batches are called tweet by tweet, which is most of its cost. Does no more than stock "
        "Faust, which is in its favour.",
    ),
    Contender(
        name="bytewax",
        start=_peer("bytewax_flow", "bytewax"),
        reads=(),
        version=lambda: peers.version("bytewax"),
        share=0.5,
        prepare=lambda: peers.interpreter("bytewax"),
        note="Does no more than stock Faust, mentions reach the windows inside the process and not by way of Kafka, "
        "and nothing is kept for a recovery: all in its favour.",
    ),
)
