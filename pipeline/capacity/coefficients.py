"""What a record costs on a named machine: measured by the bench, kept in a file, read by the formula."""

from __future__ import annotations

from pathlib import Path

import msgspec

__all__ = ["Check", "Coefficients", "Measured", "Observation"]

_OURS = Path(__file__).with_name("measured.json")


class Coefficients(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Costs. Microseconds are CPU of one core; bytes are as on the wire and on disk, compressed."""

    enrich_us_a_tweet: float
    """To read a tweet and look for brands in it, whether or not one is found."""
    enrich_us_a_mention: float
    """More for each mention: text read, record written. A second brand in the same tweet costs less."""
    track_us_a_mention: float
    """To count a mention."""
    track_us_a_state: float
    """To write the state of a brand: at most once a batch."""
    track_us_a_brand_minute: float
    """To close a minute of a brand: score it, publish its window."""
    broker_us_a_tweet: float
    """Of one Kafka node, to hand out a raw tweet and take in what becomes of it."""
    broker_us_a_mention: float
    """Of one Kafka node, to hand out a mention and take in state and windows."""
    raw_bytes: float
    """A raw tweet as the API sends it, with what the bench's load holds."""
    mention_bytes: float
    state_bytes: float
    window_bytes: float
    enrich_mib: float
    """A worker of enrich without partitions."""
    enrich_mib_a_partition: float
    """More for each raw partition: its memory for duplicates."""
    track_mib: float
    """A worker of track without brands."""
    track_mib_a_brand: float
    recovery_s: float
    """From the start of a worker of track to its first record, without brands."""
    recovery_s_a_brand: float


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a role: what it had to do, and what that took."""

    role: str
    brands: int
    partitions: int
    matching: float
    """Share of the tweets that speak of a brand."""
    records: int
    """Tweets (enrich) or mentions (track)."""
    mentions: int
    states: int = 0
    brand_minutes: int = 0
    cpu_s: float
    broker_cpu_s: float | None = None
    rss_mib: float | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The formula held against a run that it was not fitted on."""

    what: str
    """What was different from all runs of the fit."""
    unit: str
    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """By how much the prediction misses, as a share of what was measured: above 0 when it says too much.

        >>> Check(what="", unit="µs", predicted=11, measured=10).error
        0.1
        """
        return (self.predicted - self.measured) / self.measured


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Coefficients with where they come from."""

    machine: str
    when: str
    """UTC, ISO 8601."""
    coefficients: Coefficients
    observations: list[Observation] = msgspec.field(default_factory=list)
    checks: list[Check] = msgspec.field(default_factory=list)

    @classmethod
    def load(cls, path: Path = _OURS) -> Measured:
        """Read the coefficients that Vigie comes with, those of a file, or those among a bench's results.

        Raises
        ------
        msgspec.ValidationError, msgspec.DecodeError
            For a file of another form; the message names the field.
        """
        found = msgspec.json.decode(path.read_bytes())
        if isinstance(found, dict) and found.get("capacity") is not None:
            found = found["capacity"]
        return msgspec.convert(found, type=cls)

    def save(self, path: Path = _OURS) -> None:
        """Write the file."""
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
