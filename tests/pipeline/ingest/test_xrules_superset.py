"""The promise of the rules: X sends whatever the watchlist finds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.formats import v2
from pipeline.ingest.xaccess import ACCESS, Access
from pipeline.ingest.xrules import RulesDoNotFit, rules_of
from pipeline.ingest.xterms import terms_of
from pipeline.watchlist import Alias, Brand, Watchlist, fold
from pipeline.watchlist.model import joined
from schemas.tweet import Tweet
from tests.pipeline.ingest.xlanguage import Line, Tokenise, parse, seen, whole_entities, words

PRO = ACCESS["pro"]
NAMES = (
    "US Airways",
    "Delta",
    "Société Générale",
    "Coca-Cola",
    "McDonald's",
    "AT&T",
    "C++",
    "Rock ❤ Roll",
    "OR",
    "not -this (or that)",
    'the "Best" \\ one',
    "re:publica",
    "from:acme",
    "U.S. Steel",
    "達美航空",
    "Straße",
    "Ærø Línea",
    "7-Eleven",
    "365",
    "Yahoo!",
    "@acme_air",
    "#acmefail",
    "Acme™",
)
HANDLES = ("acme_air", "USAirways", "Delta", "x")
TAGS = ("AcmeFail", "Été", "delta", "ÉtatsUnis", "365")
WORDS = ("flight", "gate", "été", "customer service", "lost", "it's")
LANGUAGES = ("en", "fr", "zh", "he", "id", "hi", "xx")
NOISE = ("hello", "late again", "—", "…", "😡", "https", "2", "“", "(", "RT", "a_b", "I’m", "& co", "OR", "-", "\n")

some_words = st.lists(st.sampled_from(WORDS), max_size=3, unique=True).map(tuple)
aliases = st.builds(
    Alias,
    text=st.sampled_from(NAMES),
    requires=some_words,
    excludes=some_words,
    case_sensitive=st.booleans(),
    languages=st.lists(st.sampled_from(LANGUAGES), max_size=3, unique=True).map(tuple),
)
plain_aliases = st.builds(Alias, text=st.sampled_from(NAMES))


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


def brands(key: str) -> st.SearchStrategy[Brand]:
    return st.builds(
        Brand,
        key=st.just(key),
        name=st.just(key),
        aliases=st.lists(st.one_of(plain_aliases, aliases), max_size=4).map(tuple),
        handles=some(HANDLES),
        hashtags=some(TAGS),
        official=some(HANDLES),
        excludes=some_words,
    )


watchlists = st.tuples(brands("a"), brands("b")).map(lambda pair: Watchlist({brand.key: brand for brand in pair}))


def as_people_write(name: str) -> st.SearchStrategy[str]:
    """A name in any case, its accents kept or not word by word, its spaces hyphens, its apostrophes typographic."""

    def written(case: int, folded: list[bool], between: str, apostrophe: str) -> str:
        parts = [
            fold(word).strip() if strip else word for word, strip in zip(name.split(" "), folded, strict=False)
        ] or [name]
        text = between.join(parts).replace("'", apostrophe)
        return (text, text.lower(), text.upper() if fold(text.upper()) == fold(text) else text)[case]

    count = len(name.split(" "))
    return st.builds(
        written,
        st.integers(0, 2),
        st.lists(st.booleans(), min_size=count, max_size=count),
        st.sampled_from([" ", "-", "\n", "  "]),
        st.sampled_from(["'", "’"]),
    )


def as_hashtag(name: str) -> str:
    return "#" + joined(fold(name))


def pieces_of(watchlist: Watchlist) -> st.SearchStrategy[str]:
    """What its brands are called, what must stand beside it, and what is neither."""
    brands = [*watchlist.brands.values()]
    aliases = [alias for brand in brands for alias in brand.aliases]
    names = [alias.text for alias in aliases]
    required = [word for alias in aliases for word in alias.requires]
    tags = [tag for brand in brands for tag in brand.hashtags]
    handles = [handle for brand in brands for handle in (*brand.handles, *brand.official)]
    pieces = [st.sampled_from(NOISE)]
    if names:
        pieces += [st.sampled_from(names).flatmap(as_people_write), st.sampled_from(names).map(as_hashtag)]
    if required:
        pieces += [st.sampled_from(required).flatmap(as_people_write), st.sampled_from(required).map(as_hashtag)]
    pieces += [st.sampled_from(tags).map(lambda tag: "#" + tag)] if tags else []
    pieces += [st.sampled_from(handles).map(lambda handle: f"@{handle.upper()}'s")] if handles else []
    return st.one_of(pieces)


def texts_of(watchlist: Watchlist) -> st.SearchStrategy[str]:
    return st.builds(
        lambda parts, between: between.join(parts),
        st.lists(pieces_of(watchlist), min_size=1, max_size=5),
        st.sampled_from([" ", ", ", ". ", "!", " ❤ "]),
    )


languages = st.sampled_from(["en", "fr", "und", "zh", "iw", "in", "hi-Latn", "xx", None])
accounts = st.sampled_from([*HANDLES, "somebody", "other"])


def of_x(code: str | None) -> str:
    """The operator's name for the language of a payload."""
    return {"zh": "zh-CN", None: "und"}.get(code, code or "und")


def entities(text: str) -> Line:
    return {
        "mentions": [{"username": each} for each in re.findall(r"(?<!\w)@(\w{1,15})(?!\w)", text, re.ASCII)],
        "hashtags": [{"tag": each} for each in re.findall(r"(?<!\w)#(\w+)", text)],
    }


@st.composite
def lines(draw: st.DrawFn, text: st.SearchStrategy[str]) -> Line:
    """A post as X sends it."""
    author, other = draw(accounts), draw(accounts)
    said, lang = draw(text), draw(languages)
    kind = draw(st.sampled_from(["post", "reply", "retweet", "quote"]))
    data: Line = {
        "id": "1600000000000000001",
        "text": said,
        "author_id": "1",
        "created_at": "2026-03-01T00:00:00.000Z",
        "entities": entities(said),
    }
    if lang is not None:
        data["lang"] = lang
    users = [{"id": "1", "username": author}, {"id": "2", "username": other}]
    posts: list[Line] = []
    match kind:
        case "reply":
            data["in_reply_to_user_id"] = "2"
            data["referenced_tweets"] = [{"type": "replied_to", "id": "5"}]
        case "retweet":
            posts = [{"id": "5", "text": said, "entities": entities(said)}]
            repeated = f"RT @{other}: {said}"
            data |= {"text": repeated[:60], "entities": entities(repeated[:60])}
            data["referenced_tweets"] = [{"type": "retweeted", "id": "5"}]
        case "quote":
            quoted = draw(text)
            posts = [{"id": "5", "text": quoted, "entities": entities(quoted)}]
            data["referenced_tweets"] = [{"type": "quoted", "id": "5"}]
        case _:
            if draw(st.booleans()):
                data |= {"text": said[:20], "note_tweet": {"text": said}}
    return {"data": data, "includes": {"users": users, "tweets": posts}}


cases = watchlists.flatmap(
    lambda watchlist: st.tuples(st.just(watchlist), st.lists(lines(texts_of(watchlist)), min_size=1, max_size=4))
)


def tweet_of(line: Line) -> Tweet:
    tweet = v2.line(json.dumps(line).encode())
    assert tweet is not None
    return tweet


def as_x_looks(line: Line, tokenise: Tokenise) -> Any:
    post = seen(line, tokenise)
    object.__setattr__(post, "lang", of_x(line["data"].get("lang")))
    return post


def bearing(brand: Brand, label: str) -> Brand:
    """A brand without what is not called so: what else it is called may hide that this is not asked for."""
    return Brand(
        key=brand.key,
        name=brand.name,
        aliases=tuple(
            alias for alias in brand.aliases if label in {fold(alias.text).strip(), as_hashtag(alias.text.strip())}
        ),
        handles=tuple(handle for handle in brand.handles if label == "@" + fold(handle)),
        hashtags=tuple(tag for tag in brand.hashtags if label == "#" + fold(tag)),
        official=tuple(handle for handle in brand.official if label == "@" + fold(handle)),
    )


def check(watchlist: Watchlist, line: Line, tokenise: Tokenise) -> int:
    """Everything that is found in a post is asked for by itself. Returns how much that is."""
    post = as_x_looks(line, tokenise)
    found = [(match.brand, label) for match in watchlist.match(tweet_of(line)) for label in match.matched]
    for key, label in found:
        terms = terms_of(bearing(watchlist.brands[key], label), 512)
        assert any(parse(term)(post) for term in terms), (label, terms)
    rules = rules_of(watchlist, PRO)
    assert not found or any(parse(rule.value)(post) for rule in rules)
    return len(found)


both = pytest.mark.parametrize("tokenise", [words, whole_entities])


@both
def test_whatever_the_watchlist_finds_x_is_asked_for(tokenise: Tokenise) -> None:
    @settings(max_examples=200, deadline=None)
    @given(cases)
    def for_each(case: tuple[Watchlist, list[Line]]) -> None:
        watchlist, posts = case
        for line in posts:
            check(watchlist, line, tokenise)

    for_each()


def plain(text: str) -> Line:
    data = {"id": "1600000000000000001", "author_id": "1", "text": text, "entities": entities(text)}
    return {"data": data, "includes": {"users": [{"id": "1", "username": "somebody"}]}}


def spellings(name: str) -> set[str]:
    """How people write a name: with and without accents, in any case, with another sign between and in it."""
    found = {name, fold(name).strip(), " ".join(fold(word).strip() for word in name.split(" ")), as_hashtag(name)}
    found |= {each.lower() for each in found} | {each.replace(" ", "-") for each in found}
    found |= {each.upper() for each in found if fold(each.upper()) == fold(each)}
    return found | {each.replace("'", "’") for each in found}


@both
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_however_it_is_written(name: str, tokenise: Tokenise) -> None:
    watchlist = Watchlist({"a": Brand(key="a", name="a", aliases=(Alias(text=name),))})
    found = [check(watchlist, plain(f"so {text}, again"), tokenise) for text in spellings(name)]
    assert sum(found) >= len(found) // 2


@both
@pytest.mark.parametrize("word", WORDS)
def test_a_required_word_is_found_however_it_is_written(word: str, tokenise: Tokenise) -> None:
    alias = Alias(text="Delta", requires=("nothing", word), excludes=("river",), languages=("en",))
    watchlist = Watchlist({"a": Brand(key="a", name="a", aliases=(alias,), excludes=("delta force",))})
    for text in spellings(word):
        check(watchlist, plain(f"Delta, {text}!"), tokenise)
    assert check(watchlist, plain(f"Delta: {word}"), tokenise) == 1
    assert check(watchlist, plain(f"#delta: {word}"), tokenise) == 1


@pytest.mark.parametrize("languages", [("en",), ("zh", "hi"), ("he", "id"), ("xx",), ("en", "xx")])
@pytest.mark.parametrize("code", ["en", "fr", "und", "zh", "iw", "in", "hi", "hi-Latn", "xx", None])
def test_a_language_that_counts_is_asked_for(languages: tuple[str, ...], code: str | None) -> None:
    alias = Alias(text="Delta", languages=languages)
    line = plain("Delta")
    if code is not None:
        line["data"]["lang"] = code
    check(Watchlist({"a": Brand(key="a", name="a", aliases=(alias,))}), line, words)


def test_a_quoted_post_that_holds_an_excluded_word_hides_nothing() -> None:
    line = plain("Delta lost my bag")
    line["data"]["referenced_tweets"] = [{"type": "quoted", "id": "5"}]
    line["includes"]["tweets"] = [{"id": "5", "text": "Delta Force is a film by the river"}]
    alias = Alias(text="Delta", excludes=("river",))
    watchlist = Watchlist({"a": Brand(key="a", name="a", aliases=(alias,), excludes=("delta force",))})
    assert check(watchlist, line, words) == 1


signs = st.text("abAB1 '’-&.#@_❤\"(:+\\,é", min_size=1, max_size=8)


@settings(max_examples=500, deadline=None)
@given(
    signs, st.lists(signs, max_size=2), st.lists(st.one_of(signs, st.integers(0, 2)), min_size=1, max_size=5), st.data()
)
def test_no_sign_in_a_name_hides_it(
    name: str, requires: list[str], parts: list[str | int], data: st.DataObject
) -> None:
    given_names = [each.strip() for each in (name, *requires)]
    assume(all(any(map(str.isalnum, fold(each))) for each in given_names))
    alias = Alias(text=given_names[0], requires=tuple(given_names[1:]))
    watchlist = Watchlist({"a": Brand(key="a", name="a", aliases=(alias,))})
    # A number stands for a name of the watchlist; accents that the watchlist does not have are not asked for.
    text = "".join(
        given_names[part % len(given_names)] if isinstance(part, int) else part.replace("é", "b") for part in parts
    )
    line = data.draw(lines(st.just(text + " ")))
    if watchlist.match(tweet_of(line)):
        terms = terms_of(watchlist.brands["a"], 512)
        assert any(parse(term)(seen(line)) for term in terms), terms


@settings(max_examples=100, deadline=None)
@given(cases, st.integers(1, 4), st.sampled_from([256, 300, 512]))
def test_sharing_rules_loses_nothing(case: tuple[Watchlist, list[Line]], number: int, chars: int) -> None:
    watchlist, posts = case
    access = Access(rules=number, rule_chars=chars, connections=1, backfill_minutes=0)
    try:
        rules = [parse(rule.value) for rule in rules_of(watchlist, access)]
    except RulesDoNotFit:
        return
    for line in posts:
        post = as_x_looks(line, words)
        assert not watchlist.match(tweet_of(line)) or any(rule(post) for rule in rules)


def test_little_more_is_asked_for() -> None:
    watchlist = Watchlist.load("deploy/examples/airlines.toml")
    rules = [parse(rule.value) for rule in rules_of(watchlist, PRO)]
    for text in ("delta force", "united we stand", "the southwest of France", "US troops, airways clear", "jets, blue"):
        line = {"data": {"id": "1", "author_id": "1", "text": text}}
        assert not any(rule(seen(line)) for rule in rules), text
