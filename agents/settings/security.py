"""What a secured connection is made of: which settings go together, and secrets and certificates from their files.

ADR: secrets are read from files only. A variable shows up in `docker inspect`, in crash reports and in the
environment of every child; a file can be mounted, changed and given rights. All of it is read once at the start to
see that it can be, so that a wrong file stops the start by the setting's name instead of looking like a broker that
does not answer.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.settings import Settings

__all__ = ["password", "problems", "read_secret", "tls_context", "uses_sasl", "uses_tls"]

_SASL_FIELDS = ("sasl_username", "sasl_password_file")
_TLS_FIELDS = ("tls_ca_file", "tls_cert_file", "tls_key_file")


def uses_sasl(settings: Settings) -> bool:
    """Whether we say who we are by name and password."""
    return settings.security_protocol.startswith("SASL_")


def uses_tls(settings: Settings) -> bool:
    """Whether the connection is encrypted."""
    return settings.security_protocol.endswith("SSL")


def problems(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the settings of the connection, a line each that begins with the setting's name."""
    protocol = settings.security_protocol
    for wanted, fields, kind in (
        (uses_sasl(settings), _SASL_FIELDS, "SASL_PLAINTEXT or SASL_SSL"),
        (uses_tls(settings), _TLS_FIELDS, "SSL or SASL_SSL"),
    ):
        for name in fields:
            if getattr(settings, name) is not None and not wanted:
                yield f"{_named(name)}: is of no use with security_protocol {protocol}; set that to {kind}"
    if uses_sasl(settings):
        yield from _sasl_problems(settings)
    if uses_tls(settings):
        yield from _tls_problems(settings)


def _sasl_problems(settings: Settings) -> Iterator[str]:
    for name in _SASL_FIELDS:
        if not getattr(settings, name):
            yield f"{_named(name)}: security_protocol {settings.security_protocol} needs it"
    if settings.sasl_password_file is not None:
        try:
            password(settings)
        except ValueError as exc:
            yield str(exc)


def _tls_problems(settings: Settings) -> Iterator[str]:
    for given, other in (("tls_cert_file", "tls_key_file"), ("tls_key_file", "tls_cert_file")):
        if getattr(settings, given) is not None and getattr(settings, other) is None:
            yield f"{_named(other)}: is needed with {given}, a certificate and its key go together"
            return
    try:
        tls_context(settings)
    except ValueError as exc:
        yield str(exc)


def _named(name: str) -> str:
    return f"{name} (VIGIE_{name.upper()})"


def read_secret(name: str, path: Path) -> bytes:
    """Return what a file holds, without the white space around it.

    Parameters
    ----------
    name : str
        The setting that names the file.
    path : Path
        The file.

    Raises
    ------
    ValueError
        It cannot be read or is empty; the message names the setting, and never what is in the file.
    """
    try:
        secret = path.read_bytes().strip()
    except OSError as exc:
        raise ValueError(f"{_named(name)}: cannot read {path}: {exc.strerror}") from exc
    if not secret:
        raise ValueError(f"{_named(name)}: {path} is empty")
    return secret


def password(settings: Settings) -> str:
    """Return the password of the SASL login.

    Raises
    ------
    ValueError
        There is none, or it cannot be read; the message names the setting.
    """
    name = "sasl_password_file"
    if settings.sasl_password_file is None:
        raise ValueError(f"{_named(name)}: is not set")
    secret = read_secret(name, settings.sasl_password_file)
    try:
        return secret.decode()
    except UnicodeDecodeError:
        # Not from the error: it holds the bytes.
        raise ValueError(f"{_named(name)}: {settings.sasl_password_file} is not UTF-8 text") from None


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return what checks the broker's certificate and host name, and shows ours when there is one.

    TLS 1.2 and later, as is Python's default.

    Raises
    ------
    ValueError
        A file cannot be used; the message names the setting.
    """
    authorities = None if settings.tls_ca_file is None else read_secret("tls_ca_file", settings.tls_ca_file)
    try:
        # Ours instead of the system's, not beside them: nobody else may vouch for the broker.
        context = ssl.create_default_context(cadata=authorities and authorities.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as exc:
        raise ValueError(f"{_named('tls_ca_file')}: {settings.tls_ca_file} holds no PEM certificates") from exc
    if settings.tls_cert_file is not None and settings.tls_key_file is not None:
        for name in ("tls_cert_file", "tls_key_file"):
            read_secret(name, getattr(settings, name))
        try:
            context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file, password=_no_password)
        except ssl.SSLError as exc:
            raise ValueError(
                f"{_named('tls_key_file')}: {settings.tls_key_file} is not the PEM key, without a pass phrase, of the "
                f"PEM certificate in tls_cert_file {settings.tls_cert_file}"
            ) from exc
    return context


def _no_password() -> str:
    """Keep OpenSSL from asking the terminal for the pass phrase of a key."""
    return ""
