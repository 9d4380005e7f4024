"""X's compliance streams: what was deleted, withheld, protected, edited. `vigie ingest x-compliance`.

https://docs.x.com/x-api/compliance/streams/introduction and the reference of the two endpoints (2026): each is cut into
four partitions, of each of which one connection has a quarter of the notices; so it takes eight to have them all.

ADR: notices go to the topic of posts, keyed by the post (or account) they are about, as everything raw does: enrich
passes them on to where they are obeyed. How far all of this was heard is how far the slowest of the eight was.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.ingest.contract import Outlet
from agents.ingest.sources.x.connection import Patience
from agents.ingest.sources.x.follow import Stream
from agents.ingest.sources.x.following import follow_all, session, share
from agents.ingest.sources.x.token import TokenFile
from agents.settings import Settings
from pipeline.ingest.xlines import notices

__all__ = ["KINDS", "PARTITIONS", "ComplianceSource"]

KINDS = ("tweets", "users")
PARTITIONS = (1, 2, 3, 4)


class ComplianceSource:
    """Follows compliance streams.

    Parameters
    ----------
    settings : Settings
        Where X is, and where the token is.
    kinds, partitions : sequence
        Which streams, and which parts of each.
    backfill_minutes : int
        How far back a connection may begin.
    patience : Patience
        How long what may take.
    """

    name = "x-compliance"
    of = "compliance"

    def __init__(
        self,
        settings: Settings,
        *,
        kinds: Sequence[str] = KINDS,
        partitions: Sequence[int] = PARTITIONS,
        backfill_minutes: int = 5,
        patience: Patience | None = None,
    ) -> None:
        self._api = settings.x_api
        self._token = TokenFile.of(settings)
        self.streams = [
            Stream(
                name=f"compliance stream of {kind}, part {partition}",
                path=f"/2/{kind}/compliance/stream",
                query={"partition": str(partition)},
                read=notices,
                of=self.of,
                backfill_minutes=backfill_minutes,
                advice="The compliance streams are part of Enterprise access; ask X whether yours has them",
            )
            for kind in kinds
            for partition in partitions
        ]
        """What is followed."""
        self._patience = patience or Patience()

    async def run(self, outlet: Outlet) -> None:
        """Follow the streams until cancelled."""
        async with session() as client:
            shared = share(outlet, client, api=self._api, token=self._token, patience=self._patience)
            shared.ready.set()
            await follow_all(self.streams, shared)
