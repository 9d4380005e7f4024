"""What strangers may write to hurt us: a catalogue, each sort by its name and in any size.

`TEXTS` are posts that anybody with an account can write: they come in a line of the filtered stream, with the entities
that the platform would find. `PAYLOADS` are what only another platform, a faulty connector or somebody who may write to
the source topic could send. All is a function of a number and a size: other numbers give other posts, so nothing is
cheap because it has been seen before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import cycle, islice
from random import Random
from typing import Any

from pipeline.simulate import demo_watchlist
from pipeline.simulate.payload import snowflake
from pipeline.watchlist import Watchlist

__all__ = [
    "BRAND",
    "EVERY",
    "LONGEST_POST",
    "ORDINARY",
    "PAYLOADS",
    "POST_MS",
    "TEXTS",
    "Made",
    "brand_names",
    "line",
    "posts",
]

POST_MS = 1_760_000_000_000
"""When all of it is posted: 9 October 2025."""
BRAND = "@CorailAir"
"""Whom it speaks of: what speaks of nobody is not read."""
LONGEST_POST = 25_000
"""Characters that the platform lets a subscriber post."""

Text = Callable[[Random, int], str]
"""A text of about so many characters."""
Made = Callable[[int, int], bytes]
"""The value of a record: the number of the post, and about how many characters."""

_TAG, _NAME, _LINK = re.compile(r"#(\w+)"), re.compile(r"@(\w{1,15})"), re.compile(r"https?://\S+")
_SAID = (
    "the flight to nice was late again and nobody at the gate could say why my bag is lost since monday i was told to"
    " call but the line is dead le vol est encore en retard et personne ne répond depuis trois heures"
)
_COMBINING = ("\u0301", "\u0316", "\u0334", "\u0345", "\u05b0")
"""Marks of five classes, in an order that nothing keeps."""
_HOMOGLYPHS = str.maketrans("aeiopcxy", "аеіорсху")  # noqa: RUF001 - that is the trick


def _repeated(piece: str) -> Text:
    return lambda _, size: piece * (size // len(piece) + 1)


def _filled(make: Callable[[Random, int], str], between: str = " ") -> Text:
    """Return texts of pieces, each made of its number, up to the size."""

    def text(rng: Random, size: int) -> str:
        pieces: list[str] = []
        length = number = 0
        while length < size:
            pieces.append(make(rng, number))
            length += len(pieces[-1]) + len(between)
            number += 1
        return between.join(pieces)

    return text


def _word(rng: Random, letters: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    return "".join(rng.choices(alphabet, k=letters))


def _letters(first: int, last: int) -> str:
    return "".join(character for code in range(first, last) if (character := chr(code)).isalpha())


_RARE = _letters(0x1200, 0x137F) + _letters(0xA000, 0xA48D)
"""Ethiopic and Yi."""


@cache
def brand_names() -> tuple[str, ...]:
    """Return every name of the demo's watchlist."""
    brands = Watchlist.parse(demo_watchlist()).brands.values()
    names = [alias.text for brand in brands for alias in brand.aliases]
    names += [f"@{handle}" for brand in brands for handle in (*brand.handles, *brand.official)]
    return (*names, *(f"#{tag}" for brand in brands for tag in brand.hashtags))


def _stuffed(_: Random, size: int) -> str:
    names = cycle(brand_names())
    return " ".join(islice(names, max(1, size // 12)))


ORDINARY: Text = _filled(lambda rng, _: rng.choice(_SAID.split()))
"""What people write, in any length."""

TEXTS: Mapping[str, Text] = {
    # floods
    "hashtag flood": _filled(lambda rng, n: f"#tag{n}x{rng.getrandbits(24):x}"),
    "mention flood": _filled(lambda rng, n: f"@u{n}x{rng.getrandbits(24):x}"),
    "cashtag flood": _filled(lambda rng, _: f"${_word(rng, 5).upper()}"),
    "link flood": _filled(lambda rng, _: f"https://{_word(rng, 8)}.example/{_word(rng, 60)}"),
    "emoji flood": _repeated("\U0001f621"),
    "flood of joined emoji": _repeated("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"),
    "flood of flags and keycaps": _repeated("\U0001f1eb\U0001f1f7#\ufe0f\u20e3"),
    "punctuation flood": _repeated("?!.,;:…"),
    "spaces and line ends": _repeated(" \n\t\u2003\r\n"),
    "numbers": _filled(lambda rng, _: f"{rng.randrange(10**9):,}.{rng.randrange(99)}%"),
    "questions without end": _repeated("why? pourquoi? "),
    # words
    "a million words": ORDINARY,
    "words that nobody knows": _filled(lambda rng, _: _word(rng, rng.randint(5, 9))),
    "short words that nobody knows": _filled(lambda rng, _: _word(rng, 3)),
    "short words in capitals": _filled(lambda rng, _: _word(rng, 3).upper()),
    "words in rare scripts": _filled(lambda rng, _: _word(rng, 3, _RARE)),
    "hashtags of many words": _filled(lambda rng, _: "#" + "".join(_word(rng, 3).title() for _ in range(9))),
    "one long word": _word,
    "long words": _filled(lambda rng, _: _word(rng, 900)),
    "long words of four bytes": _filled(lambda rng, _: _word(rng, 400, "\U00010428\U00010429\U0001042a\U0001042b")),
    "repeated letters": lambda rng, size: _word(rng, 1) * size,
    "doubled letters": _filled(lambda rng, _: "".join(letter * 2 for letter in _word(rng, 20))),
    "apostrophes": _filled(lambda rng, _: "'".join(_word(rng, 1) for _ in range(40))),
    # what the eye does not see
    "right-to-left overrides": _filled(lambda rng, _: f"\u202e{_word(rng, 6)}\u202c\u2067{_word(rng, 4)}\u2069"),
    "zero-width characters": _filled(lambda rng, _: "\u200b\u200c\u200d\ufeff\u2060\u00ad".join(_word(rng, 4))),
    "tags and variation selectors": _repeated("a\U000e0061\U000e007f\ufe0f\ufe0e\U000e0100"),
    "tower of combining marks": _repeated("".join(_COMBINING)),
    "two heaps of combining marks": lambda _, size: "e" + "\u0301" * (size // 2) + "\u0316" * (size // 2),
    "letters under towers": _repeated("Z" + "".join(_COMBINING) * 20),
    "homoglyphs of brands": _filled(lambda rng, _: rng.choice(brand_names()).translate(_HOMOGLYPHS)),
    "characters that grow": _repeated("\ufdfaİ\u0390ﬃ\u1e9b\u0323"),
    "every character there is": _filled(lambda rng, _: chr(rng.randrange(0x100, 0xD800)), ""),
    "every character beyond": _filled(lambda rng, _: chr(rng.randrange(0x10000, 0x110000)), ""),
    "lone surrogates": _repeated("\ud83d a\udc00 "),
    "controls and NULs": _repeated("\0\x01\x1b[2J\x7f\x9b"),
    # brands
    "all brands of the watchlist": _stuffed,
    "one brand over and over": _repeated("Volta Bank "),
    "nearly a brand": _repeated("volta ban volta "),
    "brands without spaces": _repeated("@VoltaBank#CorailAir@Brightcart"),
    # what is hard on a pattern
    "a link of dots": lambda _, size: "http://a" + "." * size,
    "links in links": _repeated("http://www.t.co/"),
    "the beginnings of links": _repeated("http:/www.pic.twitter.com"),
    "a hashtag of digits": lambda _, size: "#" + "1" * size,
    "hashtag signs": _repeated("#"),
    "a mouth without end": lambda _, size: ":" + "D" * size + "x",
    "eyes without mouths": _repeated(":;=<>:'-"),
    "laughing letters": lambda _, size: "x" + "D" * size + "z",
    "underscores": lambda _, size: "-" + "_" * size + "x",
    "hearts": lambda _, size: "<" + "3" * size,
    "hyphens and apostrophes": _repeated("a-'"),
    "entities of HTML": _repeated("&CounterClockwiseContourIntegral;"),
    "entities that are none": _repeated("&abcdefghijklmnopqrstuvwxyzabcde;"),
    "ampersands": _repeated("&amp;amp;"),
    "retweet marks": _repeated("RT @a: "),
    "laughs": lambda _, size: "ha" * (size // 2) + "x",
    # what is hard on whoever reads it
    "mark-up and mentions": _repeated(
        "<script>alert(1)</script> <!channel> @everyone [a](javascript:alert(1)) {{7*7}} "
    ),
    "commands of terminals": _repeated("\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\\x1b[31m"),
    "formulas of spreadsheets": _repeated("=HYPERLINK(\"http://evil.example\") +1 -1 @SUM(1) \t=cmd|' /C calc'!A0 "),
}
"""Posts by their name."""


def line(text: str, number: int = 0, /, *, time_ms: int = POST_MS, **changes: Any) -> bytes:
    """Return a line of the filtered stream: the text with its entities, but for ``changes`` of the post."""
    post_id = str(snowflake(time_ms + number // 4096, number % 1024, number % 4096))
    entities = {
        "hashtags": [{"tag": tag} for tag in _TAG.findall(text)],
        "mentions": [{"username": name} for name in _NAME.findall(text)],
        "urls": [{"url": "https://t.co/a", "expanded_url": link} for link in _LINK.findall(text)],
    }
    data = {
        "id": post_id,
        "text": text,
        "created_at": "2025-10-09T08:53:20.000Z",
        "author_id": str(7_000_000 + number),
        "lang": "en",
        "conversation_id": post_id,
        "public_metrics": {"retweet_count": 1, "reply_count": 0, "like_count": 2, "quote_count": 0},
        "entities": {kind: found for kind, found in entities.items() if found},
    }
    users = [{"id": str(7_000_000 + number), "username": f"u{number}", "public_metrics": {"followers_count": 120}}]
    # As X does: signs as they are; but a lone surrogate has no other form than its escape.
    value = {"data": data | changes, "includes": {"users": users}}
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def posts(text: Text) -> Made:
    """Return posts of texts about the brand."""
    return lambda number, size: line(f"{BRAND} {text(Random(number), size)}", number)


def _raw(value: str) -> bytes:
    return value.encode()


def _changed(**changes: Callable[[Random, int], Any]) -> Made:
    """Return ordinary posts with other values in some fields."""

    def made(number: int, size: int) -> bytes:
        rng = Random(number)
        return line(f"{BRAND} late again", number, **{name: make(rng, size) for name, make in changes.items()})

    return made


def _in_envelopes(number: int, size: int) -> bytes:
    value = line(f"{BRAND} {_word(Random(number), max(1, size // 16))}", number).decode()
    for key in ("payload", "message", "tweet"):
        value = json.dumps({key: value})
    return _raw(value)


def _listed(item: Callable[[int], Any], length: int, around: str = "%s") -> Made:
    """Return a record that is a list of many things, each of about ``length`` characters."""
    return lambda number, size: _raw(
        around % json.dumps([item(number * 100_000 + n) for n in range(max(1, size // length))])
    )


def _response(number: int, size: int) -> bytes:
    """Return a response of many short posts."""
    data = [json.loads(line(f"{BRAND} no {n}", number * 100_000 + n))["data"] for n in range(max(1, size // 330))]
    return _raw(json.dumps({"data": data}))


def _forged_times(rng: Random, _: int) -> str:
    return rng.choice(("9999-12-31T23:59:59.000Z", "1970-01-01T00:00:00.000Z", "2025-10-09T08:58:19.000Z", "now", ""))


PAYLOADS: Mapping[str, Made] = {
    "a text longer than any post": posts(ORDINARY),
    "entities longer than any post": posts(_repeated("&CounterClockwiseContourIntegral;&amp;")),
    "lists in lists": lambda _, size: _raw("[" * (size // 2) + "]" * (size // 2)),
    "objects in objects": lambda _, size: _raw('{"data":' * (size // 9) + "1" + "}" * (size // 9)),
    "1,000 lists beside a post": lambda n, _: line(f"{BRAND} x", n).replace(
        b'"lang"', b'"x":%s%s,"lang"' % (b"[" * 1000, b"]" * 1000)
    ),
    "JSON in JSON in JSON": _in_envelopes,
    "the same key many times": lambda n, size: line(f"{BRAND} x", n).replace(
        b'"lang"', b'"lang":"fr",' * (size // 12) + b'"lang"'
    ),
    "many keys": lambda n, size: _raw(json.dumps({f"k{n}x{i}": i for i in range(size // 12)})),
    "200 long keys": lambda n, size: _raw(
        json.dumps({f"{n}-{i}-{'k' * (size // 200)}": i for i in range(199)} | {"text": "a", "id": "1"})
    ),
    "numbers without end": _changed(public_metrics=lambda _, size: {"like_count": int("9" * min(size, 4_000))}),
    "exponents": lambda n, _: line(f"{BRAND} x", n).replace(b'"like_count":2', b'"like_count":1e99999'),
    "an absurd ID": _changed(id=lambda _, size: "9" * size),
    "IDs as numbers beyond all": _changed(id=lambda rng, _: rng.getrandbits(64) | 1 << 63),
    "forged engagement": _changed(
        public_metrics=lambda rng, _: dict.fromkeys(
            ("like_count", "retweet_count", "reply_count", "quote_count"), 10**18 - rng.randrange(9)
        )
    ),
    "forged times": _changed(created_at=_forged_times),
    "a conversation of thousands": _changed(
        conversation_id=lambda *_: "1", text=lambda rng, _: f"{BRAND} why {rng.getrandbits(32)}?"
    ),
    "references without end": _changed(
        referenced_tweets=lambda rng, size: [
            {"type": "replied_to", "id": str(rng.getrandbits(60))} for _ in range(size // 45)
        ]
    ),
    "wrong types in a long list": _changed(entities=lambda _, size: {"hashtags": [{"tag": "a"}] * (size // 12) + [5]}),
    "tags that are no tags": _changed(
        entities=lambda rng, size: {
            "hashtags": [{"tag": f"<b>{rng.getrandbits(16)} \u202e\x1b[0m&"} for _ in range(size // 40)]
        }
    ),
    "links of 2,000 characters": _changed(
        entities=lambda rng, size: {
            "urls": [{"expanded_url": f"https://e.example/{_word(rng, 2_000)}"} for _ in range(max(1, size // 2_030))]
        }
    ),
    "accounts without end": lambda n, size: _raw(
        json.dumps(
            {
                "data": json.loads(line(f"{BRAND} x", n))["data"],
                "includes": {"users": [{"id": str(i), "username": "u"} for i in range(size // 35)]},
            }
        )
    ),
    "a list of posts": _response,
    "a list of nothings": _listed(lambda _: 5, 3),
    "a list of lists of nothings": _listed(lambda _: [[]], 6),
    "a list of errors": _listed(lambda n: {"id": n, "text": 5, "user": {}}, 40, '{"statuses":%s}'),
    "white space": lambda _, size: b" " * size + line(f"{BRAND} x"),
    "backslashes": lambda _, size: _raw('{"a":"' + "\\\\ud83d" * (size // 7)),
    "escapes of halves": lambda n, size: line(f"{BRAND} x", n).replace(b"x", b"\\ud83d" * (size // 6), 1),
}
"""Records by their name, as they are."""


EVERY: Mapping[str, Made] = {**{name: posts(text) for name, text in TEXTS.items()}, **PAYLOADS}
"""All of it, by name."""
