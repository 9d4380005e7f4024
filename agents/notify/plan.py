"""The notification file in force, with the sinks of its channels; it may change while the worker runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mode import get_logger

from agents.filestamp import FileStamp, file_stamp
from agents.metrics import Metrics
from agents.notify.sinks import Sink, SinkConfigError, make_sink
from pipeline.notify.file import NotifyFileError, load_plan
from pipeline.notify.routing import NotifyPlan

__all__ = ["PlanFile"]

logger = get_logger(__name__)

_SECRET_FIELDS = ("routing_key_file", "url_file", "secret_file")


class PlanFile:
    """What is in force. A file that became wrong changes nothing but a metric and a log line.

    The files with secrets belong to it: a new secret is a change, too.

    Raises
    ------
    NotifyFileError, SinkConfigError
        The file, or a channel in it, cannot be used at the start.
    """

    plan: NotifyPlan
    """What the file says."""
    sinks: Mapping[str, Sink]
    """By channel."""

    def __init__(self, path: Path, metrics: Metrics) -> None:
        self._path = path
        self._successful = metrics.reload_successful.labels("notify")
        self._secrets: frozenset[Path] = frozenset()
        self._load()
        self._seen = self._stamp()

    def reload_if_changed(self) -> bool:
        """Read the file again when something has changed. Returns whether another plan is in force now."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            self._load()
        except (NotifyFileError, SinkConfigError) as exc:
            self._successful.set(0)
            logger.warning("notification file not reloaded, the one in force stays: %s", exc)
            return False
        self._seen = self._stamp()  # it may name other secrets
        logger.info("notification file reloaded: channels %s", ", ".join(self.sinks))
        return True

    def _load(self) -> None:
        plan = load_plan(self._path)
        self.sinks = {name: make_sink(channel) for name, channel in plan.channels.items()}
        self.plan = plan
        named = (getattr(channel, field, None) for channel in plan.channels.values() for field in _SECRET_FIELDS)
        self._successful.set(1)
        self._secrets = frozenset(path for path in named if path is not None)

    def _stamp(self) -> tuple[FileStamp, ...]:
        return tuple(map(file_stamp, (self._path, *sorted(self._secrets))))
