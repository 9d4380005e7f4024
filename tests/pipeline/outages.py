"""Raw logs of a topic whose source breaks off now and then, as an ingester writes them: posts, and gaps everywhere."""

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from pipeline.enrich import Enricher
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas.codec import decode, encode
from schemas.mention import MentionRecord
from schemas.tweet import Tweet
from tests.pipeline.logs import LATENESS_MS, MINUTE_MS, START_MS

MINUTES = 90
END_MS = START_MS + MINUTES * MINUTE_MS
BRANDS = ("acme", "globex")
WATCHLIST = Watchlist.parse(
    'version = 1\n[brands.acme]\nname = "Acme"\naliases = ["Acme"]\n[brands.globex]\nname = "Globex"\n'
    'aliases = ["Globex"]\n'
)
_ANALYZER = StandardAnalyzer()
_PIECE_MS = 10_000
_TEXTS = ("{} is late again", "thank you {}", "why does nobody at {} answer?", "{} lost my bag", "lunch with {}")


class Piece(NamedTuple):
    """Input that is missing, as one gap record says it."""

    start_ms: int
    end_ms: int

    @property
    def minutes(self) -> range:
        """The minutes that it touches, epoch minutes."""
        return range(self.start_ms // MINUTE_MS, -(-self.end_ms // MINUTE_MS))


class Outages(NamedTuple):
    """What was written."""

    logs: list[list[Record]]
    """By raw partition."""
    pieces: list[Piece]
    is_alone: bool
    """Whether no other source moves time meanwhile."""


def enricher() -> Enricher:
    """Return an enricher of two brands."""
    return Enricher(EngineSettings(), WATCHLIST, _ANALYZER)


def outages(rng: Random, partitions: int, *, spoken: bool = True, live: bool = False) -> Outages:
    """Return logs of 90 minutes in which one source breaks off, and another one may go on.

    ``spoken`` is whether anything is there of the minutes in which input is missing: else they are as empty as can be,
    and all else is the same. ``live`` is whether all gaps are told of while they last; else some are at their end.
    """
    pieces, is_alone = list(_pieces(rng, live=live)), rng.random() < 0.5
    lost = {minute for piece in pieces for minute in piece.minutes}
    written: list[tuple[int, int, int | None, bytes]] = []
    for number, piece in enumerate(pieces):
        gap = {"type": "gap", "start_ms": piece.start_ms, "end_ms": piece.end_ms, "source": "x", "reason": "stalled"}
        # What is told of while the source is away may come a little later; a whole gap comes before what follows it.
        delay_ms = rng.randrange(20_000) if piece.end_ms - piece.start_ms <= _PIECE_MS else 0
        written.append((piece.end_ms + delay_ms, number, None, encode(gap)))
    for number, tweet in enumerate(_tweets(rng, pieces, is_alone=is_alone), len(pieces)):
        delay_ms, partition = rng.randrange(25_000), rng.randrange(partitions)
        if spoken or tweet.created_at_ms // MINUTE_MS not in lost:
            written.append((tweet.created_at_ms + delay_ms, number, partition, encode(tweet)))
    for each in range(partitions):
        last = Tweet(id=f"last{each}", created_at_ms=END_MS + LATENESS_MS, text="nothing")
        written.append((END_MS + MINUTE_MS, each, each, encode(last)))
    logs: list[list[Record]] = [[] for _ in range(partitions)]
    for stamp_ms, _, to, value in sorted(written, key=lambda each: each[:2]):
        for log in logs if to is None else [logs[to]]:
            log.append(Record(len(log), stamp_ms, None, value))
    return Outages(logs, pieces, is_alone)


def _pieces(rng: Random, *, live: bool) -> Iterator[Piece]:
    at_ms = START_MS + rng.randrange(5, 20) * MINUTE_MS
    while at_ms < END_MS - 20 * MINUTE_MS:
        until_ms = at_ms + rng.choice((1, 9_000, MINUTE_MS, 7 * MINUTE_MS, 40 * MINUTE_MS))
        until_ms = min(until_ms, END_MS - 10 * MINUTE_MS)
        longest_ms = _PIECE_MS if live else rng.choice((_PIECE_MS, 10**9))
        while at_ms < until_ms:
            yield Piece(at_ms, min(at_ms + longest_ms, until_ms))
            at_ms = min(at_ms + longest_ms, until_ms)
        at_ms += rng.randrange(1, 30 * MINUTE_MS)


def _tweets(rng: Random, pieces: Sequence[Piece], *, is_alone: bool) -> Iterator[Tweet]:
    """Yield posts in order: of X, which has nothing of what is missing, and perhaps of another source."""
    number = 0
    for minute in range(MINUTES):
        for brand in BRANDS:
            for _ in range(2 if minute == 0 else rng.choice((0, 0, 1, 3))):
                number += 1
                time_ms = START_MS + minute * MINUTE_MS + rng.randrange(MINUTE_MS)
                text, is_x = rng.choice(_TEXTS).format(brand), is_alone or rng.random() < 0.5
                if is_x and any(piece.start_ms <= time_ms < piece.end_ms for piece in pieces):
                    continue
                yield Tweet(id=str(number), created_at_ms=time_ms, author_id=str(rng.randrange(40)), text=text)


def mentions_of(rng: Random, log: Sequence[Record], partition: int, partitions: int) -> list[MentionRecord]:
    """Return what enrich writes for one raw partition to each mentions partition, whatever batches it comes in."""
    engine, at = enricher(), 0
    clock = engine.new_clock(partition)
    out: list[MentionRecord] = []
    while at < len(log):
        size = rng.randint(1, 12)
        enriched = engine.enrich(clock, log[at : at + size])
        out += [*enriched.gaps, *enriched.mentions, engine.watermark(clock, partitions)]
        at += size
    return out


def told_in_time(log: Iterable[Record]) -> set[int]:
    """Return the minutes of gaps that this raw partition had not passed when it was told of them."""
    engine = enricher()
    clock = engine.new_clock(0)
    found: set[int] = set()
    for record in log:
        said = decode(record.value or b"{}")
        if said.get("type") == "gap":
            passed_ms = (clock.newest_ms or 0) - LATENESS_MS
            minutes = Piece(said["start_ms"], said["end_ms"]).minutes
            found.update(minute for minute in minutes if (minute + 1) * MINUTE_MS > passed_ms)
        engine.enrich(clock, [record])
    return found
