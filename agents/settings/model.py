"""Settings of a worker, from ``VIGIE_*`` variables or a TOML file; a wrong one stops the start by name."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from agents.faultpoints import FaultPoints
from agents.settings import security
from pipeline.playbook import Playbook, PlaybookError
from pipeline.settings import DetectionSettings, EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.text.models import ModelKind, ModelNotUsable, load_model, sentiment_model
from schemas.topics import Topics

__all__ = ["CONFIG_VARIABLE", "GROUPS", "Settings", "SettingsError", "load_settings"]

CONFIG_VARIABLE = "VIGIE_CONFIG"
"""Names the TOML file, when there is one."""

GROUPS = {
    "brokers": "Where things are",
    "security_protocol": "Connection to Kafka",
    "allowed_lateness_s": "Engine: results depend on these",
    "idempotent_producer": "Work",
    "ingest_dir": "Ingest",
    "web_host": "Health and metrics",
    "log_level": "Logs",
    "fault_points": "Tests of Vigie itself",
}
"""Headings of the settings, each by the field that is the first under it."""


class SettingsError(Exception):
    """A setting is unknown, missing or wrong; the message names it and where it came from."""


def _broker_list(value: str) -> str:
    hosts = [host.strip() for host in value.split(",")]
    for host in hosts:
        name, _, port = host.rpartition(":")
        if not name or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError(f"expected host:port[,host:port...], got {value!r}")
    return ",".join(hosts)


def _x_api(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected an address like https://api.x.com, got {value!r}")
    if parts.scheme == "http" and not security.is_loopback(parts.hostname):
        raise ValueError("http:// would send the token as it is; give an address that begins with https://")
    return value.rstrip("/")


def _jetstream_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected an address like wss://jetstream2.us-east.bsky.network/subscribe, got {value!r}")
    return value


def _fault_plan(value: str) -> str:
    FaultPoints(value)
    return value


class Settings(BaseSettings):
    """Everything a worker can be told. Results depend on the group "engine" and the watchlist only."""

    model_config = SettingsConfigDict(env_prefix="VIGIE_", extra="forbid", frozen=True, use_attribute_docstrings=True)

    # -- where things are ----------------------------------------------------------------------------
    brokers: Annotated[str, AfterValidator(_broker_list)] = "127.0.0.1:9092"
    """Kafka bootstrap servers, `host:port[,host:port...]`."""
    watchlist: Path = Path("watchlist.toml")
    """The brands to look for (enrich) and their planned events (track). Read again when the file changes."""
    notify: Path | None = None
    """TOML file with the channels and routes of notifications; without one nobody is notified."""
    topic_prefix: str = ""
    """Before the name of every topic and consumer group; lets several Vigies share a broker."""
    app_id: str = "vigie"
    """Consumer groups are `<prefix><app_id>-enrich`, and so on with `track`, `notify` and `erase`."""
    data_dir: Path = Path(tempfile.gettempdir()) / "vigie"
    """Faust's working directory. Nothing in it needs to survive."""

    # -- connection to Kafka -------------------------------------------------------------------------
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How the broker's listener is secured: SSL encrypts, SASL asks who we are. SASL_SSL in production."""
    allow_plaintext: bool = False
    """Talk to a broker on another machine without TLS, and send a password or token as it is."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = "SCRAM-SHA-512"
    """How we show with SASL who we are: SCRAM without telling the password, PLAIN as it is, OAUTHBEARER by a token."""
    sasl_username: str | None = None
    """Who we are, with SASL and a password."""
    sasl_password_file: Path | None = None
    """File with the password, with SASL. White space around it is left out."""
    sasl_token_file: Path | None = None
    """File with the token, with OAUTHBEARER. It may be rotated: it is read again for every connection."""
    tls_ca_file: Path | None = None
    """PEM file with the certificates that vouch for the broker, instead of the system's. Host names are checked."""
    tls_cert_file: Path | None = None
    """PEM file with our own certificate (mutual TLS), and those between it and the CA."""
    tls_key_file: Path | None = None
    """PEM file with its key, without a pass phrase."""

    # -- engine: results depend on these -------------------------------------------------------------
    allowed_lateness_s: float = Field(default=30.0, ge=0, le=3600)
    """How far behind the newest tweet of its raw partition a tweet may be and still count."""
    future_tolerance_s: float = Field(default=120.0, ge=0, le=86_400)
    """How far a tweet's time may be ahead of its record's own timestamp."""
    max_record_bytes: int = Field(default=1_048_576, ge=1024)
    """A larger raw record is a dead letter."""
    duplicate_memory: int = Field(default=20_000, ge=0, le=5_000_000)
    """Tweet IDs remembered for each raw partition: those of its last so many records."""
    keep_text: bool = False
    """Carry the tweet's text in mentions."""
    sentiment_model: str | None = None
    """Instead of Vigie's: a sentiment model of your own by its name (`vigie models list`) or file (`vigie train`)."""
    language_model: str | None = None
    """Instead of Vigie's: a language model of your own, by its name."""
    playbook: Path | None = None
    """TOML file with what to do in a crisis and how often to speak (`vigie playbook`); without one Vigie's own."""
    author_key_file: Path | None = None
    """File with the secret key of author hashes, one for enrich and erase; without it the hashes are guessable."""

    # -- work ----------------------------------------------------------------------------------------
    idempotent_producer: bool = True
    """Off only for brokers that have no idempotent producers (the embedded one)."""
    commit_interval_s: float = Field(default=1.0, gt=0, le=60)
    """How often offsets are committed; what a crash replays is about this much input."""
    max_batch_records: int = Field(default=2000, ge=1, le=20_000)
    """Records of one partition that are processed as one step, at most."""
    session_timeout_s: float = Field(default=10.0, ge=1, le=300)
    """A worker that is silent for this long loses its partitions."""
    rebalance_timeout_s: float = Field(default=20.0, ge=1, le=600)
    """How long a rebalance waits for workers to join."""
    request_timeout_s: float = Field(default=30.0, ge=1, le=300)
    """How long one request to the broker may take, retries included."""
    start_timeout_s: float = Field(default=60.0, ge=1, le=3600)
    """How long to look for the broker at the start before giving up."""
    retry_timeout_s: float = Field(default=120.0, ge=0, le=3600)
    """How long a write that the broker refuses is tried again before the worker exits, its input unacked."""
    idle_timeout_s: float = Field(default=15.0, gt=0, le=86_400)
    """A raw partition at its end and silent for this long no longer holds time back."""
    erase_interval_s: float = Field(default=900.0, gt=0, le=21_600)
    """How often the crises are read through for posts that must go, while there are any."""
    stuck_after_s: float = Field(default=120.0, ge=1, le=3600)
    """A worker that has work and does none for this long says what it is stuck in, and exits; so does an ingester that
    hangs."""
    deadletter_limit_share: float = Field(default=0.5, ge=0, le=1)
    """A worker halts when more than this share of its input cannot be used; 1 never halts."""
    deadletter_limit_records: int = Field(default=500, ge=1, le=1_000_000)
    """How many records it takes to judge that."""
    compression: Literal["none", "gzip", "lz4", "zstd", "snappy"] = "zstd"
    """Compression of what we write. lz4 costs five times as much as zstd here: aiokafka has it try its hardest."""

    # -- ingest --------------------------------------------------------------------------------------
    ingest_dir: Path = Path("vigie-ingest")
    """Folder in which an ingester keeps posts until Kafka has them, and its place in the source. It must survive."""
    ingest_spool_bytes: int = Field(default=1_073_741_824, ge=1_048_576, le=1_099_511_627_776)
    """How many bytes may wait there for each source. When Kafka is away for longer, what is lost is a recorded gap."""
    x_token_file: Path | None = None
    """File with the Bearer token of your app at X. It may be rotated: it is read again for every connection."""
    x_api: Annotated[str, AfterValidator(_x_api)] = "https://api.x.com"
    """Where X's API is. Another address is for tests, or a proxy of your own."""
    x_access: Literal["basic", "pro", "enterprise"] = "pro"
    """What you have agreed with X. Rules, connections and what can be sent again depend on it."""
    jetstream_url: Annotated[str, AfterValidator(_jetstream_url)] = "wss://jetstream2.us-east.bsky.network/subscribe"
    """A Jetstream server: one of Bluesky's, or your own."""

    # -- web -----------------------------------------------------------------------------------------
    web_host: str = "127.0.0.1"
    """Where health and metrics are served. In a container: 0.0.0.0."""
    web_port: int = Field(default=6066, ge=0, le=65_531)
    """Port of enrich; track, notify, erase and an ingester serve on the next four. 0 switches the web server off."""
    metrics_brands: int = Field(default=200, ge=0, le=10_000)
    """Brands with metrics of their own; the rest are one, named `other`."""

    # -- logs ----------------------------------------------------------------------------------------
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """What is logged: this and what is worse."""
    log_format: Literal["text", "json"] = "text"
    """How: text for people, or one JSON object a line for programs. Standard error, and no tweet's text, in both."""

    # -- tests of Vigie itself -----------------------------------------------------------------------
    fault_points: Annotated[str, AfterValidator(_fault_plan)] = ""
    """Makes the worker fail at a step (`agents/faultpoints.py`). Leave it empty."""

    @model_validator(mode="after")
    def _security_fits(self) -> Self:
        wrong = list(security.problems(self))
        if wrong:
            raise SettingsError("\n".join(wrong))
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: command line, then environment, then file."""
        del dotenv_settings, file_secret_settings
        path = os.environ.get(CONFIG_VARIABLE)
        files = (TomlConfigSettingsSource(settings_cls, Path(path)),) if path else ()
        return (init_settings, env_settings, *files)

    @property
    def topics(self) -> Topics:
        """Topic names under the prefix."""
        return Topics.with_prefix(self.topic_prefix)

    def group(self, role: str) -> str:
        """Name of a role's consumer group, which is its Faust app ID too."""
        return f"{self.topic_prefix}{self.app_id}-{role}"

    def engine(self) -> EngineSettings:
        """Return the part that results depend on.

        Raises
        ------
        SettingsError
            The key file cannot be read or is empty, or the playbook cannot be used.
        """
        return EngineSettings(
            allowed_lateness_ms=round(self.allowed_lateness_s * 1000),
            future_tolerance_ms=round(self.future_tolerance_s * 1000),
            max_record_bytes=self.max_record_bytes,
            duplicate_memory=self.duplicate_memory,
            keep_text=self.keep_text,
            author_key=self._author_key(),
            detection=DetectionSettings(),
            playbook=self._playbook(),
        )

    def analyzer(self) -> StandardAnalyzer:
        """Return what reads the tweets.

        Raises
        ------
        SettingsError
            A model of your own is not installed or cannot be used.
        """
        try:
            return StandardAnalyzer(
                sentiment=sentiment_model(self.sentiment_model) if self.sentiment_model else None,
                language=load_model(ModelKind.LANGUAGE, self.language_model) if self.language_model else None,
            )
        except ModelNotUsable as exc:
            raise SettingsError(str(exc)) from exc

    def _author_key(self) -> bytes:
        if self.author_key_file is None:
            return EngineSettings().author_key
        try:
            return security.read_secret("author_key_file", self.author_key_file)
        except ValueError as exc:
            raise SettingsError(str(exc)) from exc

    def _playbook(self) -> Playbook:
        if self.playbook is None:
            return Playbook.default()
        try:
            return Playbook.load(self.playbook)
        except PlaybookError as exc:
            raise SettingsError(f"playbook (VIGIE_PLAYBOOK): {exc}") from exc


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; ``overrides`` (from the command line) win, those that are None are left out.

    Raises
    ------
    SettingsError
        With one line for each wrong setting: its name, its variable and what was expected.
    """
    path = os.environ.get(CONFIG_VARIABLE)
    if path and not Path(path).is_file():
        raise SettingsError(f"{CONFIG_VARIABLE}: no such file: {path}")
    known = {f"VIGIE_{name.upper()}" for name in Settings.model_fields} | {CONFIG_VARIABLE, "VIGIE_ROLE"}
    unknown = sorted(name for name in os.environ if name.startswith("VIGIE_") and name not in known)
    if unknown:
        raise SettingsError(f"unknown settings in the environment: {', '.join(unknown)}")
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as exc:
        lines = [
            f"{'.'.join(map(str, error['loc']))} (VIGIE_{str(error['loc'][0]).upper()}): {error['msg']}"
            for error in exc.errors()
        ]
        raise SettingsError("\n".join(lines)) from exc
    except ValueError as exc:  # the TOML file itself
        raise SettingsError(f"{path}: {exc}") from exc
