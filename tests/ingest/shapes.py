"""Posts of every shape that X documents, and lines that are none.

https://docs.x.com/x-api/fundamentals/data-dictionary and the pages on edited posts, long posts and partial errors. A
shape gets the fields that it is about beside those of every post; what is asked for with ``tweet.fields`` and
``expansions`` X gives only where it applies. ``created_at`` has whole seconds, as X gives it; the ID has milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from pipeline.simulate.payload import snowflake
from schemas.tweet import TweetKind

__all__ = ["MALFORMED", "SHAPES", "Expected", "Shape", "created_ms", "line_of", "malformed_line"]

_Object = dict[str, Any]
BRAND = "Contoso"
"""Everybody speaks of it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to be read of a shape."""

    kind: TweetKind = TweetKind.POST
    text: str | None = None
    """The whole text, where it is not the post's own."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of post: ``make`` changes a plain line into it."""

    make: Callable[[_Object, str], None]
    expected: Expected = Expected()


def _plain(line: _Object, other: str) -> None:
    del line, other


def _long(line: _Object, other: str) -> None:
    whole = f"{BRAND} " + "is long gone " * 60
    line["data"]["text"] = whole[:277] + "…"
    line["data"]["note_tweet"] = {"text": whole, "entities": {"hashtags": [{"start": 0, "end": 4, "tag": "long"}]}}


def _reply(line: _Object, other: str) -> None:
    line["data"]["in_reply_to_user_id"] = "2244994945"
    line["data"]["conversation_id"] = other
    line["data"]["referenced_tweets"] = [{"type": "replied_to", "id": other}]
    line["includes"]["users"].append(_user("2244994945", "contoso"))
    line["includes"]["tweets"] = [_original(other, "When do we leave?")]


_RETWEETED = (
    f"{BRAND} has lost my bag again, and this time it was the one with all of the medicine in it. " + "Why? " * 25
)


def _retweet(line: _Object, other: str) -> None:
    line["data"]["text"] = f"RT @contoso: {_RETWEETED}"[:139] + "…"
    line["data"]["referenced_tweets"] = [{"type": "retweeted", "id": other}]
    line["includes"]["tweets"] = [_original(other, _RETWEETED)]
    line["includes"]["users"].append(_user("2244994945", "contoso"))


def _retweet_of_long(line: _Object, other: str) -> None:
    _retweet(line, other)
    line["includes"]["tweets"][0]["text"] = _RETWEETED[:100]
    line["includes"]["tweets"][0]["note_tweet"] = {"text": _RETWEETED}


def _quote(line: _Object, other: str) -> None:
    line["data"]["referenced_tweets"] = [{"type": "quoted", "id": other}]
    line["includes"]["tweets"] = [_original(other, "We are sorry.")]


def _quote_and_reply(line: _Object, other: str) -> None:
    _quote(line, other)
    line["data"]["referenced_tweets"].append({"type": "replied_to", "id": str(int(other) - 9)})
    line["data"]["in_reply_to_user_id"] = "2244994945"


def _not_found(line: _Object, other: str) -> None:
    """The post that was quoted is gone: an error beside data, which is a post all the same."""
    line["data"]["referenced_tweets"] = [{"type": "quoted", "id": other}]
    line["errors"] = [
        {
            "value": other,
            "detail": f"Could not find tweet with referenced_tweets.id: [{other}].",
            "title": "Not Found Error",
            "resource_type": "tweet",
            "parameter": "referenced_tweets.id",
            "resource_id": other,
            "type": "https://api.twitter.com/2/problems/resource-not-found",
        }
    ]


def _edited(line: _Object, other: str) -> None:
    own = line["data"]["id"]
    line["data"]["edit_history_tweet_ids"] = [str(int(own) - 9), str(int(own) - 5), own]
    line["data"]["edit_controls"] = {"edits_remaining": 3, "is_edit_eligible": True, "editable_until": _time(0)}


def _media(line: _Object, other: str) -> None:
    line["data"]["attachments"] = {"media_keys": ["3_1100000000000000001", "13_1100000000000000002"]}
    line["includes"]["media"] = [
        {"media_key": "3_1100000000000000001", "type": "photo", "url": "https://pbs.twimg.com/media/a.jpg"},
        {"media_key": "13_1100000000000000002", "type": "video", "duration_ms": 34875},
    ]


def _poll(line: _Object, other: str) -> None:
    line["data"]["attachments"] = {"poll_ids": ["1199786642468413448"]}
    options = [{"position": 1, "label": "yes", "votes": 795}, {"position": 2, "label": "no", "votes": 156}]
    line["includes"]["polls"] = [{"id": "1199786642468413448", "voting_status": "closed", "options": options}]


def _place(line: _Object, other: str) -> None:
    line["data"]["geo"] = {
        "place_id": "01a9a39529b27f36",
        "coordinates": {"type": "Point", "coordinates": [-73.9, 40.7]},
    }
    bounds = {"type": "Feature", "bbox": [-74.0, 40.6, -73.8, 40.8], "properties": {}}
    line["includes"]["places"] = [{"id": "01a9a39529b27f36", "full_name": "Manhattan, NY", "geo": bounds}]


def _withheld(line: _Object, other: str) -> None:
    line["data"]["withheld"] = {"copyright": False, "country_codes": ["DE", "FR"]}
    line["includes"]["users"][0]["withheld"] = {"country_codes": ["DE"]}


def _cashtags(line: _Object, other: str) -> None:
    line["data"]["text"] = f"{BRAND} $CTS is down, $cts too"
    line["data"]["entities"] = {
        "cashtags": [{"start": 8, "end": 12, "tag": "CTS"}, {"start": 22, "end": 26, "tag": "cts"}]
    }


def _entities(line: _Object, other: str) -> None:
    line["data"]["text"] = f"{BRAND} #été @contoso https://t.co/abcdefghij"
    line["data"]["entities"] = {
        "hashtags": [{"start": 8, "end": 12, "tag": "été"}],
        "mentions": [{"start": 13, "end": 21, "username": "contoso", "id": "2244994945"}],
        "urls": [
            {
                "start": 22,
                "end": 45,
                "url": "https://t.co/abcdefghij",
                "expanded_url": "https://example.com/a?b=c&d=é",
                "display_url": "example.com/a?b=c&d…",
                "status": 200,
                "title": "A page",
                "unwound_url": "https://example.com/a",
            }
        ],
        "annotations": [{"start": 0, "end": 6, "probability": 0.92, "type": "Organization", "normalized_text": BRAND}],
    }


def _unicode(line: _Object, other: str) -> None:
    """A family of one character, right to left, stacked accents, line separators that end no line, a NUL."""
    family, right_to_left = "👩\u200d👩\u200d👧\u200d👦", "\u202e\u05e9\u05dc\u05d5\u05dd\u202c"
    ends = "\u2028 \u2029 \x85 \x00 \x0b \ufeff"
    line["data"]["text"] = f"{BRAND} {family} {right_to_left} e\u0301\u0323\u0302 {ends} \U0001d53d 한국어 #été"
    line["includes"]["users"][0]["name"] = "Z̷̡̛a̶l̵g̸o̷"


def _escapes(line: _Object, other: str) -> None:
    line["data"]["text"] = f'{BRAND}: &lt;b&gt; &amp;amp; "quoted" \\ / \r\n\t new line'


def _long_list(line: _Object, other: str) -> None:
    """A reply that names fifty accounts."""
    named = [{"start": 0, "end": 5, "username": f"somebody{n}", "id": str(9000 + n)} for n in range(50)]
    line["data"]["entities"] = {"mentions": named}
    line["includes"]["users"] += [_user(str(9000 + n), f"somebody{n}") for n in range(50)]


def _contexts(line: _Object, other: str) -> None:
    domain, entity = {"id": "47", "name": "Brand"}, {"id": "10045225402", "name": BRAND}
    line["data"]["context_annotations"] = [{"domain": domain, "entity": entity}] * 20


def _article(line: _Object, other: str) -> None:
    line["data"]["article"] = {"title": "A year of delays"}
    line["data"]["card_uri"] = "card://1"
    line["data"]["community_id"] = "1471580197908586507"


def _promoted(line: _Object, other: str) -> None:
    line["data"]["scopes"] = {"followers": False}
    line["data"]["possibly_sensitive"] = True
    line["data"]["reply_settings"] = "mentionedUsers"
    line["data"]["display_text_range"] = [0, 20]


def _backwards(line: _Object, other: str) -> None:
    """Fields come in any order: X promises none."""
    for key in list(line)[::-1]:
        line[key] = line.pop(key)
    for key in list(line["data"])[::-1]:
        line["data"][key] = line["data"].pop(key)


def _id_inside_first(line: _Object, other: str) -> None:
    """Before the post's own ID come others."""
    data = line.pop("data")
    own = data.pop("id")
    first = {"referenced_tweets": [{"type": "quoted", "id": other}], "note": {"id": other}}
    line["includes"]["tweets"] = [_original(other, "We are sorry.")]
    line["data"] = first | data | {"id": own}


def _new_fields(line: _Object, other: str) -> None:
    line["data"]["never_seen_before"] = {"deep": [[{"id": other}]], "number": 1.5e300, "nothing": None}
    line["another"] = [True, False, None]


def _bare(line: _Object, other: str) -> None:
    """No expansion applies."""
    del line["includes"]


def _many_rules(line: _Object, other: str) -> None:
    line["matching_rules"] = [{"id": str(1166916266197536768 + n), "tag": f"vigie:{n}"} for n in range(40)]


SHAPES: Mapping[str, Shape] = {
    "plain": Shape(_plain),
    "long": Shape(_long, Expected(text=f"{BRAND} " + "is long gone " * 60)),
    "reply": Shape(_reply, Expected(TweetKind.REPLY)),
    "retweet": Shape(_retweet, Expected(TweetKind.RETWEET, _RETWEETED)),
    "retweet of a long one": Shape(_retweet_of_long, Expected(TweetKind.RETWEET, _RETWEETED)),
    "quote": Shape(_quote, Expected(TweetKind.QUOTE)),
    "quote in a reply": Shape(_quote_and_reply, Expected(TweetKind.QUOTE)),
    "quote of what is gone": Shape(_not_found, Expected(TweetKind.QUOTE)),
    "edited": Shape(_edited),
    "media": Shape(_media),
    "poll": Shape(_poll),
    "place": Shape(_place),
    "withheld": Shape(_withheld),
    "cashtags": Shape(_cashtags),
    "entities": Shape(_entities),
    "unicode": Shape(_unicode),
    "escapes": Shape(_escapes),
    "fifty mentions": Shape(_long_list),
    "contexts": Shape(_contexts),
    "article": Shape(_article),
    "promoted": Shape(_promoted),
    "backwards": Shape(_backwards),
    "other IDs first": Shape(_id_inside_first, Expected(TweetKind.QUOTE)),
    "new fields": Shape(_new_fields),
    "bare": Shape(_bare),
    "many rules": Shape(_many_rules),
}


def _always(line: bytes) -> Callable[[bytes], bytes]:
    return lambda _: line


MALFORMED: Mapping[str, Callable[[bytes], bytes]] = {
    "cut": lambda line: line[: len(line) // 2],
    "not UTF-8": lambda line: line.replace(BRAND.encode(), b"Cont\xe9\xff\xfe", 1),
    "text": _always(b"Service unavailable, please try again later"),
    "array": lambda line: b"[" + line + b"]",
    "number": _always(b"17"),
    "no ID": _always(b'{"data":{"text":"nobody said this"},"matching_rules":[]}'),
    "ID of another type": _always(b'{"data":{"id":{"a":1},"text":"nobody said this"}}'),
    "two at once": lambda line: line + line,
    "deep": _always(b'{"data":' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
    "a page": _always(b"<html><body>502 Bad Gateway</body></html>"),
    "carriage returns": _always(b'{"data":{"id":"1",\r"text":"\r"}}'),
    "a sign too many": lambda line: line + b"}",
}


def line_of(shape: str, time_ms: int, number: int) -> tuple[str, bytes]:
    """Return the ID and the line of a post of a shape; of equal arguments, the same."""
    post_id = str(snowflake(time_ms, number >> 12, number))
    other = str(snowflake(time_ms - 3_600_000, number >> 12, number))
    author = str(10_000 + number % 977)
    data: _Object = {
        "author_id": author,
        "conversation_id": post_id,
        "created_at": _time(time_ms),
        "edit_history_tweet_ids": [post_id],
        "id": post_id,
        "lang": "en",
        "public_metrics": {"retweet_count": 0, "reply_count": 1, "like_count": 2, "quote_count": 0},
        "text": f"{BRAND} number {number} is late again, {Random(number).randrange(1 << 40):x}",
    }
    line: _Object = {
        "data": data,
        "includes": {"users": [_user(author, f"user{author}")]},
        "matching_rules": [{"id": "1166916266197536768", "tag": "vigie:contoso"}],
    }
    SHAPES[shape].make(line, other)
    # X escapes some of what it need not, and writes the rest as it is.
    return post_id, json.dumps(line, ensure_ascii=number % 2 == 0, separators=(",", ":")).encode()


def malformed_line(kind: str, time_ms: int, number: int) -> bytes:
    """Return a line that is no post."""
    return MALFORMED[kind](line_of("plain", time_ms, number)[1])


def created_ms(time_ms: int) -> int:
    """Return a post's time as ``created_at`` says it."""
    return time_ms // 1000 * 1000


def _time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _user(user_id: str, handle: str) -> _Object:
    counts = {"followers_count": 100, "following_count": 10, "tweet_count": 1000, "listed_count": 1}
    return {"id": user_id, "name": handle.title(), "username": handle, "public_metrics": counts}


def _original(post_id: str, text: str) -> _Object:
    return {
        "id": post_id,
        "text": text,
        "author_id": "2244994945",
        "created_at": _time(0),
        "edit_history_tweet_ids": [post_id],
        "conversation_id": post_id,
    }
