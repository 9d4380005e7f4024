"""X's filtered stream: the posts that the watchlist's rules match. `vigie ingest x`.

ADR: at the first start the rules come first, for X opens no stream without any (409). Later the stream is opened at
once: X keeps the rules, and what is posted while they are compared would be missing.
"""

from __future__ import annotations

from typing import Protocol

from agents.ingest.contract import Outlet
from agents.ingest.sources.x.connection import Patience
from agents.ingest.sources.x.follow import Shared, Stream
from agents.ingest.sources.x.following import follow_all, session, share
from agents.ingest.sources.x.token import TokenFile
from agents.settings import Settings
from pipeline.ingest.xfields import STREAM_QUERY
from pipeline.ingest.xlines import posts

__all__ = ["PATH", "Rules", "XSource"]

PATH = "/2/tweets/search/stream"


class Rules(Protocol):
    """Keeps the rules at X those of the watchlist."""

    async def keep(self, shared: Shared) -> None:
        """Go on until cancelled; set ``shared.ready`` once the rules are in force for the first time.

        Raises
        ------
        SourceRefused
            They cannot be, as things are set up, and never were.
        """
        ...


class XSource:
    """Follows the filtered stream.

    Parameters
    ----------
    settings : Settings
        Where X is, and where the token is.
    rules : Rules, optional
        Keeps the rules; without it they are left as they are.
    connections : int
        How many at the same time, each with all posts.
    backfill_minutes : int
        How far back a new connection may begin; 0 when the plan has none of it.
    patience : Patience
        How long what may take.
    """

    name = "x"

    def __init__(
        self,
        settings: Settings,
        *,
        rules: Rules | None = None,
        connections: int = 1,
        backfill_minutes: int = 0,
        patience: Patience | None = None,
    ) -> None:
        self._api = settings.x_api
        self._token = TokenFile.of(settings)
        self._rules = rules
        self._patience = patience or Patience()
        self._stream = Stream(
            name="filtered stream",
            path=PATH,
            query=STREAM_QUERY,
            read=posts,
            connections=connections,
            backfill_minutes=backfill_minutes,
            advice="Look in X's developer console at the app's project and access level; see also x_access "
            "(VIGIE_X_ACCESS)",
        )

    async def run(self, outlet: Outlet) -> None:
        """Follow the stream until cancelled."""
        async with session() as client:
            shared = share(outlet, client, api=self._api, token=self._token, patience=self._patience)
            if self._rules is None or outlet.resumed.until_ms is not None:
                shared.ready.set()
            beside = () if self._rules is None else (self._rules.keep(shared),)
            await follow_all([self._stream], shared, beside)
