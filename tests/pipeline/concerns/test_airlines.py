"""Two real crises: the concerns name the causes that people gave the complaints.

The causes are read from the labels of the archive, the concerns from the words of the tweets alone.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.brandstate import BrandState
from pipeline.enrich import Enricher
from pipeline.gaps import Gaps
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas.codec import encode
from schemas.crisis import Concern, CrisisEvent
from schemas.mention import Mention, Origin

ROOT = Path(__file__).parents[3]
ARCHIVE = ROOT.parent / "shared" / "data" / "airline" / "Tweets.csv"

pytestmark = pytest.mark.skipif(not ARCHIVE.exists(), reason="the airline archive is not beside the project")

CAUSES = {"Cancelled Flight": "flights", "Late Flight": "flights", "Customer Service Issue": "service"}
"""Late and cancelled flights are one cause. `Can't Tell` is none, and nothing else comes near these."""
SAID = {
    "flights": ("cancel", "late", "delay", "rebook"),
    "service": ("service", "hold", "phone", "call", "wait"),
}
"""How people say it: begins of words, from the reasons' names and of what a late flight and an unanswered phone are."""


def minute_of(day: int, hour: int) -> int:
    return int(datetime(2015, 2, day, hour, tzinfo=UTC).timestamp() // 60)


def rows(airline: str, first: int, last: int) -> list[tuple[int, dict[str, str]]]:
    found: dict[str, tuple[int, dict[str, str]]] = {}
    with ARCHIVE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            posted = int(datetime.strptime(row["tweet_created"], "%Y-%m-%d %H:%M:%S %z").timestamp())
            if row["airline"] == airline and first <= posted // 60 < last:
                found[row["tweet_id"]] = (posted, row)
    return sorted(found.values(), key=lambda one: (one[0], one[1]["tweet_id"]))


def mentions(tweets: Sequence[tuple[int, dict[str, str]]], brand: str) -> Iterator[Mention]:
    watchlist = Watchlist.load(ROOT / "deploy" / "examples" / "airlines.toml")
    enricher = Enricher(EngineSettings(), watchlist, StandardAnalyzer())
    records = [
        Record(n, 2**42, None, encode({"data": {
            "id": row["tweet_id"], "text": row["text"], "author_id": row["name"],
            "created_at": datetime.fromtimestamp(posted, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }}))
        for n, (posted, row) in enumerate(tweets)
    ]  # fmt: skip
    found = enricher.enrich(enricher.new_clock(0), records).mentions
    for n, mention in enumerate(sorted(found, key=lambda one: one.time_ms)):
        if mention.brand == brand:
            yield replace(mention, origin=Origin(partition=0, offset=n))


def listened(airline: str, brand: str, begin: int, peak: int, end: int) -> tuple[set[str], list[Sequence[Concern]]]:
    """Return the causes of most complaints of the peak, and the concerns of its opening and of each of its hours."""
    tweets = rows(airline, begin, end)
    reasons = Counter(row["negativereason"] for posted, row in tweets if posted // 60 >= peak)
    causes = {CAUSES[reason] for reason, _count in reasons.most_common(4) if reason in CAUSES}
    state, told = BrandState(brand, EngineSettings()), list[Sequence[Concern]]()
    hour = begin
    for mention in mentions(tweets, brand):
        while mention.time_ms // 60_000 >= hour:
            events, _closed = state.close(hour, Gaps())
            told += [event.evidence.concerns for event in events if isinstance(event, CrisisEvent) and event.level]
            if hour >= peak:
                told.append(state._detector.brief().concerns)
            hour += 60
        state.fold(mention, 0)
    return causes, told


@pytest.mark.parametrize(
    ("airline", "brand", "begin", "peak", "end"),
    [
        ("Southwest", "southwest", minute_of(19, 7), minute_of(21, 14), minute_of(22, 0)),
        ("US Airways", "us-airways", minute_of(20, 7), minute_of(22, 14), minute_of(23, 0)),
    ],
)
def test_the_top_five_concerns_name_the_causes_of_most_complaints(
    airline: str, brand: str, begin: int, peak: int, end: int
) -> None:
    causes, told = listened(airline, brand, begin, peak, end)
    assert causes == {"flights", "service"}

    named = [{cause for cause in causes if is_named(cause, concerns[:5])} for concerns in told]
    assert len(named) >= 9
    assert sum(each == causes for each in named) >= 0.8 * len(named)


def is_named(cause: str, concerns: Sequence[Concern]) -> bool:
    words = {word for concern in concerns for phrase in concern.phrases for word in phrase.split()}
    return any(word.startswith(SAID[cause]) for word in words)
