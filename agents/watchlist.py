"""The watchlist as a file that may change while the worker runs."""

from __future__ import annotations

from pathlib import Path

from mode import get_logger

from agents.filestamp import file_stamp
from agents.metrics import Metrics
from pipeline.watchlist import Watchlist, WatchlistError

__all__ = ["WatchlistFile"]

logger = get_logger(__name__)


class WatchlistFile:
    """The watchlist in force. A file that became wrong changes nothing but a metric and a log line.

    Raises
    ------
    WatchlistError
        The file cannot be used at the start.
    """

    def __init__(self, path: Path, metrics: Metrics) -> None:
        self._path = path
        self._metrics = metrics
        self._successful = metrics.reload_successful.labels("watchlist")
        self._seen = file_stamp(self._path)
        self.current = Watchlist.load(path)
        self._successful.set(1)
        metrics.watchlist_brands.set(len(self.current.brands))

    def reload_if_changed(self) -> bool:
        """Read the file again when it has changed. Returns whether another watchlist is in force now."""
        stamp = file_stamp(self._path)
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            loaded = Watchlist.load(self._path)
        except WatchlistError as exc:
            self._successful.set(0)
            logger.warning("watchlist not reloaded, the one in force stays: %s", exc)
            return False
        self._successful.set(1)
        self._metrics.watchlist_brands.set(len(loaded.brands))
        changed = loaded.fingerprint != self.current.fingerprint
        self.current = loaded
        logger.info("watchlist reloaded: %d brands", len(loaded.brands))
        return changed
