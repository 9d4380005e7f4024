"""Logs of a worker on standard error: lines for people, or one JSON object a line, with the same fields.

What a line is about (`FIELDS`) travels in ``extra=``, not only in its words, so that a log can be searched for one
brand or one partition. No line holds the text of a tweet: our own quote nothing of a record, and the libraries whose
debugging would are kept from it. What a line does quote acts on no terminal, and cannot pass for a line of its own.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import click
from pythonjsonlogger.orjson import OrjsonFormatter

from agents.terminal import escaped_json, inert
from schemas.times import to_rfc3339

if TYPE_CHECKING:
    from agents.transport import RecordBatch

__all__ = ["FIELDS", "about", "configure", "say", "stack_of"]

FIELDS = ("brand", "crisis_id", "topic", "partition", "offset", "stage", "channel")
"""What a line may be about, named alike everywhere."""

_QUOTING = ("aiokafka", "faust")
"""At DEBUG these print requests, records and logins as they are: what they say begins at INFO, whatever is asked for.
(aiokafka.conn: every request with its content; aiokafka.producer, faust.topics: "Sending (key=%s value=%s)".)"""

logger = logging.getLogger("vigie")


class _Text(logging.Formatter):
    """``[time] [role] [LEVEL] logger: message [brand=acme partition=3]``."""

    def __init__(self, role: str) -> None:
        super().__init__(f"[%(asctime)s] [{role}] [%(levelname)s] %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002 - overrides
        return _time(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - overrides
        about = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        return inert(super().formatMessage(record) + (f" [{about}]" if about else ""))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - overrides
        return inert(super().formatException(ei))


class _Json(OrjsonFormatter):
    """One object a line: time, level, logger, message, role, what it is about, exception."""

    def __init__(self, role: str) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields={
                "asctime": "time",
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
                "stack_info": "stack",
            },
            static_fields={"role": role},
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002 - overrides
        return _time(record)

    def format(self, record: logging.LogRecord) -> str:
        return escaped_json(super().format(record))

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Leave out what else a library has added, and write what is not UTF-8 in a way that is."""
        known = {"time", "level", "logger", "message", "role", "exception", "stack", *FIELDS}
        return {
            name: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
            for name, value in log_data.items()
            if name in known
        }


class _Handler(logging.StreamHandler[Any]):
    """Standard error. A line that cannot be written is said to be so, without what was to be written."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - overrides
        where = f"{record.pathname}:{record.lineno}"
        lost = logging.LogRecord(record.name, logging.ERROR, record.pathname, record.lineno, "", None, None)
        lost.msg = f"a line of this logger could not be written: {where}"
        try:
            self.stream.write(self.format(lost) + self.terminator)
            self.flush()
        except (OSError, ValueError):  # standard error itself is gone
            return


def configure(level: str, form: Literal["text", "json"], role: str) -> None:
    """Log to standard error from now on, warnings and uncaught exceptions included.

    Parameters
    ----------
    level : str
        ``log_level`` of the settings.
    form : {"text", "json"}
        ``log_format`` of the settings.
    role : str
        Which part of Vigie this process is.
    """
    handler = _Handler(sys.stderr)
    handler.setFormatter(_Json(role) if form == "json" else _Text(role))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for name in _QUOTING:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.root.level))
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def say(message: str) -> None:
    """Say what ends a command: as a log line where `configure` has set up logs, else in plain words."""
    if any(isinstance(handler, _Handler) for handler in logging.root.handlers):
        logger.critical("%s", message)
    else:
        # click.echo, not rich: file names and tweet handles may look like markup.
        click.echo(f"vigie: {message}", err=True)


def about(batch: RecordBatch | None) -> dict[str, Any]:
    """Return the fields of a line about a batch; none without one."""
    if batch is None:
        return {}
    return {"topic": batch.topic, "partition": batch.partition, "offset": batch.first_offset}


def stack_of(error: BaseException) -> str:
    """Return what an unexpected error is and where it was raised, and not its message: that may quote a tweet.

    An error that was never raised was made to say something; that is returned.
    """
    if error.__traceback__ is None:
        return str(error)
    frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    cause = f"\ncaused by {stack_of(error.__cause__)}" if error.__cause__ is not None else ""
    return f"{type(error).__name__}, raised in\n{frames}{cause}"


def _time(record: logging.LogRecord) -> str:
    return to_rfc3339(int(record.created * 1000))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}


def _uncaught(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger.critical("uncaught exception", exc_info=(kind, error, where))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        name = args.thread.name if args.thread else "unknown"
        logger.critical(
            "uncaught exception in thread %s", name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
        )


def _unraisable(args: Any) -> None:
    # Without the object that it happened to: its repr may be a record.
    logger.error("exception ignored", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))
