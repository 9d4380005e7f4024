"""The token that X knows us by, from its file, which may be rotated: it is read for every connection."""

from __future__ import annotations

from pathlib import Path

from agents.ingest.contract import SourceRefused
from agents.settings import Settings, security

__all__ = ["TOKEN_SETTING", "TokenFile"]

TOKEN_SETTING = "x_token_file (VIGIE_X_TOKEN_FILE)"  # noqa: S105 - a setting's name


class TokenFile:
    """Where the token is.

    Parameters
    ----------
    path : Path
        The file; it holds the Bearer token of an app and nothing else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, settings: Settings) -> TokenFile:
        """Return the file that the settings name, once its token can be read.

        Raises
        ------
        SourceRefused
            None is named, or it holds no token.
        """
        if settings.x_token_file is None:
            raise SourceRefused(
                f"{TOKEN_SETTING}: not set. It names a file with the Bearer token of your app: developer console of X, "
                "Keys and tokens"
            )
        file = cls(settings.x_token_file)
        try:
            file.read()
        except ValueError as exc:
            raise SourceRefused(str(exc)) from exc
        return file

    def read(self) -> str:
        """Return the token as it is now.

        Raises
        ------
        ValueError
            There is none, or what the file holds is none. The message names the setting and nothing of what it holds.
        """
        secret = security.read_secret("x_token_file", self.path)
        try:
            token = secret.decode("ascii")
        except UnicodeDecodeError:
            token = ""
        token = token.removeprefix("Bearer ").lstrip()
        if not token.isprintable() or " " in token or not token:
            raise ValueError(f"{TOKEN_SETTING}: {self.path} holds more than one word of plain ASCII, or none")
        return token
