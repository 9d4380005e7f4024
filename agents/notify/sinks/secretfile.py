"""Secrets of channels, from files. No message about one shows any of it."""

from __future__ import annotations

from pathlib import Path

from agents.notify.sinks.contract import SinkConfigError

__all__ = ["malformed", "read_secret"]


def read_secret(channel: str, path: Path) -> str:
    """Return the one word that a file holds, without white space around it.

    Raises
    ------
    SinkConfigError
        The file cannot be read, is empty, or holds more than one word.
    """
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SinkConfigError(f"channel {channel}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise malformed(channel, path, "is not text") from None
    if not secret:
        raise malformed(channel, path, "is empty; it must hold the channel's secret")
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise malformed(channel, path, "holds more than one word of plain ASCII")
    return secret


def malformed(channel: str, path: Path, why: str) -> SinkConfigError:
    """Return the error that says what is wrong with a secret's file."""
    return SinkConfigError(f"channel {channel}: {path} {why}")
