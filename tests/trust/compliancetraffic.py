"""Ten thousand tweets about several brands with a crisis among them, and which thousand of them are to go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count, cycle
from random import Random
from zlib import crc32

from pipeline.erasure import named_ids
from pipeline.formats import parse
from pipeline.simulate import default_scenario, simulate
from pipeline.simulate.scenario import Scenario
from schemas.codec import encode
from schemas.reading import read_crisis_record
from schemas.times import to_rfc3339
from schemas.tweet import Tweet
from tests.faults.logs import Log, Raw, tweet
from tests.live.vigie import Published

__all__ = [
    "DELETED",
    "PARTITIONS",
    "Deletions",
    "Traffic",
    "account_notice",
    "as_raw",
    "choose",
    "going_on",
    "halves",
    "post_notice",
    "spread",
    "traffic",
]

PARTITIONS = 2
TWEETS = 10_000
DELETED = 1_000
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_RATE = 0.438
_OUTAGE_MS, _BAGS_MS, _CUT_MS = 33 * _HOUR_MS, 20 * _HOUR_MS, 35 * _HOUR_MS
_ACCOUNTS = 24
_EARLY = 120
_TEXTS = 100
_TEXT_WORDS = 8
_BROKEN_EVERY = 250

POST_FORMS = ("v1.1 delete", "v2 delete", "v2 drop", "v1.1 status_withheld", "v2 withheld", "v2 tweet_edit")
ACCOUNT_FORMS = ("v1.1 user_delete", "v1.1 user_protect", "v2 user_suspend", "v2 user_delete", "v2 user_withheld")


@dataclass(frozen=True)
class Traffic:
    """A log, and the tweets in it."""

    log: Log
    cut: int
    """Place of the first record of the middle, where the crisis is at its height."""

    @cached_property
    def tweets(self) -> dict[str, Tweet]:
        """By ID."""
        parsed = [parse(record.value, max_bytes=1 << 20) for record in self.log.records]
        return {post.id: post for each in parsed for post in each.tweets}

    @cached_property
    def places(self) -> dict[str, int]:
        """Place in the log of the record with each key, the last one."""
        return {(record.key or b"").decode(): place for place, record in enumerate(self.log.records)}

    @cached_property
    def broken(self) -> set[str]:
        """IDs of tweets of which there is a broken record as well."""
        keys = Counter((record.key or b"").decode() for record in self.log.records)
        return {key for key, times in keys.items() if times > 1}

    @property
    def end_ms(self) -> int:
        """Event time of the newest tweet."""
        return max(record.time_ms for record in self.log.records)


def traffic(now_ms: int) -> Traffic:
    """Return two days of talk that ended lately: a Thursday and a Friday."""
    thursday = (now_ms // _DAY_MS) * _DAY_MS
    while (thursday // _DAY_MS) % 7 or thursday + 2 * _DAY_MS > now_ms - _HOUR_MS:  # the epoch began on a Thursday
        thursday -= _DAY_MS
    brands = {brand.key: brand for brand in default_scenario().brands}
    nimbus, corail = brands["nimbus-mobile"], brands["corail-air"]
    talk = (
        replace(nimbus, events=(replace(nimbus.events[0], start_ms=thursday + _OUTAGE_MS),)),
        replace(corail, events=(replace(corail.events[0], start_ms=thursday + _BAGS_MS),)),
        replace(brands["brightcart"], events=()),
        brands["volta-bank"],
    )
    scenario = Scenario(
        seed=5,
        start_ms=thursday,
        days=2,
        brands=tuple(replace(brand, per_minute=brand.per_minute * _RATE) for brand in talk),
    )
    simulated = (Raw(crc32(each.key) % PARTITIONS, each.key, each.value, each.time_ms) for each in simulate(scenario))
    records = tuple(with_broken_copies(simulated))
    cut = next(place for place, record in enumerate(records) if record.time_ms >= thursday + _CUT_MS)
    return Traffic(Log(records, PARTITIONS), cut)


def with_broken_copies(records: Iterable[Raw]) -> Iterator[Raw]:
    """Let the feed break now and then: a tweet comes cut in two, which is a dead letter, and then as it is."""
    for at, record in enumerate(records):
        if at % _BROKEN_EVERY == 0 and record.value is not None:
            yield record._replace(value=record.value[: len(record.value) // 2])
        yield record


@dataclass
class Deletions:
    """Which tweets are to go, by what, and when."""

    accounts: dict[str, str] = field(default_factory=dict)
    """Account to form."""
    posts: dict[str, str] = field(default_factory=dict)
    """Tweet to form: of those that are known when their notice comes."""
    early: dict[str, str] = field(default_factory=dict)
    """Of those that come after it."""
    ids: set[str] = field(default_factory=set)
    """All tweets that are to go, those of the accounts included."""
    texts: list[str] = field(default_factory=list)

    def by_form(self, tweets: Mapping[str, Tweet]) -> dict[str, int]:
        """How many tweets go by each form; those of an account go by the account's."""
        counts = dict.fromkeys((*POST_FORMS, *ACCOUNT_FORMS), 0)
        for form in (*self.posts.values(), *self.early.values()):
            counts[form] += 1
        for tweet_id in self.ids - self.posts.keys() - self.early.keys():
            counts[self.accounts[tweets[tweet_id].author_id or ""]] += 1
        return counts


def choose(traffic: Traffic, published: Published) -> Deletions:
    """Choose a thousand tweets: first those that would be named in what is published, then others by chance."""
    tweets, rng, chosen = traffic.tweets, Random(5), Deletions()
    records = [read_crisis_record(payload) for payloads in published.values() for payload in payloads]
    named = dict.fromkeys(tweet_id for record in records for tweet_id in sorted(named_ids(record)))
    by_author: dict[str, list[str]] = {}
    for post in tweets.values():
        by_author.setdefault(post.author_id or "", []).append(post.id)
    authors = dict.fromkeys(author for each in named if len(by_author[author := tweets[each].author_id or ""]) <= 20)
    chosen.accounts = dict(zip(list(authors)[::2][:_ACCOUNTS], cycle(ACCOUNT_FORMS), strict=False))
    chosen.ids = {tweet_id for author in chosen.accounts for tweet_id in by_author[author]}
    others = sorted(tweets)
    rng.shuffle(others)
    after = [each for each in (*named, *others) if traffic.places[each] >= traffic.cut and each not in chosen.ids]
    chosen.early = dict(zip(after[:_EARLY], cycle(POST_FORMS), strict=False))
    chosen.ids |= chosen.early.keys()
    known = dict.fromkeys((*named, *sorted(traffic.broken & tweets.keys()), *others))
    left = [each for each in known if each not in chosen.ids and traffic.places[each] < traffic.cut]
    chosen.posts = dict(zip(left[: DELETED - len(chosen.ids)], cycle(POST_FORMS), strict=False))
    chosen.ids |= chosen.posts.keys()
    texts = dict.fromkeys(tweets[each].text for each in sorted(chosen.ids))
    chosen.texts = [text for text in texts if len(text.split()) >= _TEXT_WORDS][:_TEXTS]
    return chosen


def post_notice(form: str, posted: Tweet, time_ms: int) -> bytes:
    """Return the notice for a tweet, in a form of X's."""
    tweet_id, user_id, at = posted.id, posted.author_id or "1", to_rfc3339(time_ms)
    post = {"id": tweet_id, "author_id": user_id}
    message = {
        "v1.1 delete": {
            "delete": {
                "status": {"id": int(tweet_id), "id_str": tweet_id, "user_id": int(user_id), "user_id_str": user_id},
                "timestamp_ms": str(time_ms),
            }
        },
        "v2 delete": {"data": {"delete": {"tweet": post, "event_at": at}}},
        "v2 drop": {"data": {"drop": {"tweet": post, "event_at": at}}},
        "v1.1 status_withheld": {
            "status_withheld": {
                "id": int(tweet_id),
                "user_id": int(user_id),
                "withheld_in_countries": ["DE", "FR"],
                "timestamp_ms": str(time_ms),
            }
        },
        "v2 withheld": {"data": {"withheld": {"tweet": post, "withheld_in_countries": ["XY"], "event_at": at}}},
        "v2 tweet_edit": {
            "data": {
                "tweet_edit": {
                    "tweet": {"id": str(int(tweet_id) + 1)},
                    "initial_tweet_id": tweet_id,
                    "edit_tweet_ids": [tweet_id, str(int(tweet_id) + 1)],
                    "event_at": at,
                }
            }
        },
    }[form]
    return encode(message)


def account_notice(form: str, user_id: str, time_ms: int) -> bytes:
    """Return the notice for an account, in a form of X's."""
    version, name = form.split()
    if version == "v1.1":
        return encode({name: {"id": int(user_id), "timestamp_ms": str(time_ms)}})
    return encode({"data": {name: {"user": {"id": user_id}, "event_at": to_rfc3339(time_ms)}}})


def spread(records: Sequence[Raw], among: Sequence[Raw]) -> Iterator[Raw]:
    """Yield records with others evenly among them."""
    share, due, waiting = len(among) / max(len(records), 1), 0.0, iter(among)
    for record in records:
        yield record
        due += share
        while due >= 1 and (other := next(waiting, None)):
            yield other
            due -= 1
    yield from waiting


def going_on(talk: Traffic) -> Iterator[Raw]:
    """Tweets about nobody, without end: event time moves on, and closes no minute that a control run leaves open."""
    end_ms = talk.log.closed().records[-1].time_ms
    for at in count(1):
        yield tweet(end_ms + at // PARTITIONS, "on and on", partition=at % PARTITIONS, number=at)


def as_raw(values: Iterable[bytes], time_ms: int) -> list[Raw]:
    """Notices as records of the raw topic."""
    return [Raw(at % PARTITIONS, None, value, time_ms) for at, value in enumerate(values)]


def halves(values: Collection[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Every second one, and the others."""
    listed = list(values)
    return listed[::2], listed[1::2]
