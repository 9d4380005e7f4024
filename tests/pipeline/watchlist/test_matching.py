from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.entities import without_urls
from pipeline.watchlist import BrandMatch, Watchlist, fold
from pipeline.watchlist.matching import MAX_NAMES
from schemas.tweet import Tweet

WATCHLIST = Watchlist.parse(
    """
version = 1
[brands.us-airways]
aliases = ["US Airways"]
handles = ["USAirways"]
official = ["USAirways"]
[brands.united]
aliases = ["united", "United Airlines"]
handles = ["united"]
hashtags = ["UnitedFail"]
excludes = ["manchester united"]
[brands.delta]
aliases = [
    { text = "Delta", requires = ["flight", "airline"], excludes = ["river"] },
    { text = "DL", case_sensitive = true },
    { text = "Deltà Línea", languages = ["es"] },
]
handles = ["delta"]
[brands.delta-faucet]
aliases = ["Delta Faucet"]
[brands.socgen]
aliases = ["Société Générale", "McDonald's", "C++", "達美航空"]
official = ["SocieteGenerale", "SG_etVous"]
"""
)


def tweet(text: str, **fields: Any) -> Tweet:
    return Tweet(id="1", created_at_ms=0, text=text, **fields)


def matched(text: str, **fields: Any) -> dict[str, tuple[str, ...]]:
    return {match.brand: match.matched for match in WATCHLIST.match(tweet(text, **fields))}


@pytest.mark.parametrize(
    ("text", "brand", "label"),
    [
        ("I love us airways", "us-airways", "us airways"),
        ("US   AIRWAYS!", "us-airways", "us airways"),
        ("US\nAirways", "us-airways", "us airways"),
        ("the US-Airways desk", "us-airways", "us airways"),
        ("US Airways' crew", "us-airways", "us airways"),
        ("United's crew", "united", "united"),
        ("United’s crew", "united", "united"),
        ("#USAirways again", "us-airways", "#usairways"),
        ("thanks @usairways.", "us-airways", "@usairways"),
        (".@USAIRWAYS", "us-airways", "@usairways"),
        ("\u2066@USAirways\u2069 hello", "us-airways", "@usairways"),
        ("＠USAirways", "us-airways", "@usairways"),
        ("so #unitedfail", "united", "#unitedfail"),
        ("SOCIETE GENERALE", "socgen", "societe generale"),
        ("la socie\u0301te\u0301 ge\u0301ne\u0301rale", "socgen", "societe generale"),
        ("l'Soci\u00adété Générale", "socgen", "societe generale"),
        ("#SociétéGénérale", "socgen", "#societegenerale"),
        ("at McDonald’s", "socgen", "mcdonald's"),
        ("#mcdonalds", "socgen", "#mcdonalds"),
        ("I write C++, badly", "socgen", "c++"),
        ("我坐達美航空去", "socgen", "達美航空"),
        ("hey @SG_etVous", "socgen", "@sg_etvous"),
    ],
)
def test_a_name_is_found(text: str, brand: str, label: str) -> None:
    assert matched(text) == {brand: (label,)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "us airwayss",
        "unitedly",
        "reunited",
        "the untied states",
        "@united_help me",
        "@unitedly",
        "mail me at joe@united.org",
        "@Delta_Faucet flight",
        "#unitedfails",
        "#unitedstates",
        "#my_united",
        "https://united.com/us-airways x",
        "read www.united.com/news",
        "United\u0301ly",
    ],
)
def test_a_longer_word_a_handle_an_address_or_a_link_is_no_name(text: str) -> None:
    assert matched(text) == {}


def test_the_shorter_name_is_found_where_the_longer_one_does_not_end() -> None:
    assert matched("united airlinesx") == {"united": ("united",)}


def test_the_longest_name_hides_those_inside_it_even_of_another_brand() -> None:
    assert matched("United Airlines") == {"united": ("united airlines",)}
    assert matched("a delta faucet in flight") == {"delta-faucet": ("delta faucet",)}
    assert matched("a delta faucet on the delta flight") == {
        "delta": ("delta",),
        "delta-faucet": ("delta faucet",),
    }


def test_a_name_whose_rules_fail_hides_nothing() -> None:
    rules = '[brands.a]\naliases = [{text = "acme tools", requires = ["saw"]}]\n[brands.b]\naliases = ["acme"]'
    watchlist = Watchlist.parse(f"version = 1\n{rules}")
    assert [m.brand for m in watchlist.match(tweet("acme tools"))] == ["b"]
    assert [m.brand for m in watchlist.match(tweet("acme tools saw"))] == ["a"]


def test_negative_words_silence_aliases_but_not_handles_or_hashtags() -> None:
    assert matched("Manchester United and United") == {}
    assert matched("Manchester-United, @united #unitedfail") == {"united": ("#unitedfail", "@united")}


def test_an_alias_needs_one_of_the_words_it_requires_and_none_of_those_it_excludes() -> None:
    assert matched("delta again") == {}
    assert matched("delta flights") == {}
    assert matched("Delta #flight") == {"delta": ("delta",)}
    assert matched("delta flight over the river") == {}


def test_a_hashtag_that_spells_an_alias_follows_the_rules_of_the_alias() -> None:
    assert matched("#delta") == {}
    assert matched("#delta flight") == {"delta": ("#delta",)}


def test_a_case_sensitive_alias_wants_its_case_at_the_place_it_is_found() -> None:
    assert matched("dl and Dl") == {}
    assert matched("straße dl, ﬁ DL") == {"delta": ("dl",)}
    assert matched("#DL") == {"delta": ("#dl",)}
    assert matched("#dl") == {}


def test_an_alias_of_a_language_matches_that_language_and_unknown_ones() -> None:
    assert matched("delta linea", lang="es-MX") == {"delta": ("delta linea",)}
    assert matched("delta linea") == {"delta": ("delta linea",)}
    assert matched("delta linea", lang="en") == {}


def test_entities_of_the_payload_count_as_whole_tokens() -> None:
    assert matched("x", mentions=("UsAirways", "unitedly")) == {"us-airways": ("@usairways",)}
    assert matched("x", hashtags=("UnitedFail", "SOCIÉTÉGÉNÉRALE", "delta")) == {
        "socgen": ("#societegenerale",),
        "united": ("#unitedfail",),
    }


def test_answering_an_account_of_the_brand_is_speaking_of_it() -> None:
    assert matched("where is my bag", in_reply_to_handle="sg_etvous") == {"socgen": ("@sg_etvous",)}


def test_what_an_official_account_writes_is_its_brands_and_official() -> None:
    assert WATCHLIST.match(tweet("We are sorry @united", author_handle="USAIRWAYS")) == (
        BrandMatch(brand="united", matched=("@united",), official=False),
        BrandMatch(brand="us-airways", matched=("@usairways",), official=True),
    )


def test_a_handle_that_is_not_official_makes_its_own_posts_neither_official_nor_a_match() -> None:
    assert WATCHLIST.match(tweet("hello", author_handle="united")) == ()


BLUESKY = Watchlist.parse(
    """
version = 1
[brands.acme]
name = "Acme"
handles = ["acme", "care.acme-air.example", "did:web:care.acme.example"]
official = ["did:plc:eygmaihciaxprqvxpfvl6flk"]
"""
)
DID = "did:plc:eygmaihciaxprqvxpfvl6flk"


def test_an_account_of_bluesky_is_a_brands_by_its_domain_or_its_did() -> None:
    def labels(text: str, **changes: Any) -> tuple[str, ...]:
        return next((match.matched for match in BLUESKY.match(tweet(text, **changes))), ())

    assert labels("ask @care.acme-air.example today") == ("@care.acme air.example",)
    assert labels("x", mentions=("CARE.acme-air.example", DID)) == ("@care.acme air.example", f"@{DID}")
    assert labels("where?", in_reply_to_handle="did:web:care.acme.example") == ("@did:web:care.acme.example",)
    assert labels("ask @acme.bsky.social") == ("@acme",)
    assert labels("ask @care.acme-air.example.org or acme") == ("@care.acme air.example",)


def test_what_an_account_of_bluesky_writes_is_official_by_its_did() -> None:
    assert BLUESKY.match(tweet("We are sorry", author_id=DID)) == (
        BrandMatch(brand="acme", matched=(f"@{DID}",), official=True),
    )
    assert BLUESKY.match(tweet("We are sorry", author_id="did:plc:other")) == ()
    numbered = Watchlist.parse('version = 1\n[brands.a]\nname = "A"\nofficial = ["77"]')
    assert numbered.match(tweet("hello", author_id="77")) == (), "a number of X's is no handle"


AMBIGUOUS = Watchlist.parse(
    """
version = 1
[[brands.orange.aliases]]
text = "Orange"
languages = ["fr"]
requires = ["réseau", "forfait", "box"]
not_in = ["vigilance orange"]
[[brands.orange.aliases]]
text = "Orange"
languages = ["en"]
requires = ["network", "SIM"]
case_sensitive = true
not_in = ["orange juice"]
"""
)


@pytest.mark.parametrize(
    ("lang", "text", "found"),
    [
        ("fr", "plus de réseau chez orange", True),
        ("fr", "Mon forfait ORANGE a doublé", True),
        ("fr", "la robe orange me va", False),
        ("fr", "vigilance orange, plus de réseau", False),
        ("fr", "vigilance orange, et Orange n'a plus de réseau", True),
        ("en", "my Orange SIM is dead", True),
        ("en", "an orange SIM card", False),
        ("en", "Orange-juice on my SIM", False),
        ("en", "orange juice while the Orange network is down", True),
        ("en", "my Orange forfait", False),
        (None, "my Orange SIM is dead", True),
    ],
)
def test_a_name_that_is_also_a_word_follows_rules_of_each_language(lang: str | None, text: str, *, found: bool) -> None:
    assert bool(AMBIGUOUS.match(tweet(text, lang=lang))) is found


def test_a_phrase_of_another_meaning_hides_the_name_in_it_and_no_other() -> None:
    rules = '[brands.a]\naliases = [{text = "delta", not_in = ["delta variant", "the mekong delta region"]}]'
    watchlist = Watchlist.parse(f"version = 1\n{rules}")
    for text in ("Delta variant", "in the Mekong-Delta region", "delta variant, DELTA VARIANT"):
        assert watchlist.match(tweet(text)) == ()
    for text in ("delta variants", "delta variant: Delta cancels", "mekong delta"):
        assert [m.matched for m in watchlist.match(tweet(text))] == [("delta",)]


DELTA = Watchlist.parse(
    """
version = 1
[brands.a]
aliases = [{ text = "delta", not_in = ["delta variant", "the mekong delta region"] }]
[brands.b]
aliases = ["variant", "the mekong"]
"""
)


@given(st.lists(st.sampled_from(["delta", "variant", "the", "mekong", "region"]), max_size=12))
def test_a_name_counts_if_one_of_its_places_is_in_no_phrase_of_another_meaning(words: list[str]) -> None:
    hidden = {i for i in range(len(words)) if words[i : i + 2] == ["delta", "variant"]}
    hidden |= {i + 2 for i in range(len(words)) if words[i : i + 4] == ["the", "mekong", "delta", "region"]}
    free = any(word == "delta" and i not in hidden for i, word in enumerate(words))
    assert ("a" in {match.brand for match in DELTA.match(tweet(" ".join(words)))}) is free


def test_two_brands_may_share_a_handle_and_an_alias() -> None:
    watchlist = Watchlist.parse(
        "version = 1\n"
        '[brands.group]\naliases = ["Acme"]\nofficial = ["acme"]\n'
        '[brands.shop]\naliases = ["acme"]\nhandles = ["ACME"]'
    )
    for text in ("acme", "@acme", "#acme"):
        assert [m.brand for m in watchlist.match(tweet(text))] == ["group", "shop"]


TEXTS = st.one_of(
    st.text(st.characters()),  # lone surrogates included
    st.lists(
        st.sampled_from(
            ["delta", "Delta", "faucet", "@", "#", "united", " airlines", "US", "Airways", " ", "\u200b", "\0",
             "é", "\ud800", "flight", "https://", "達美航空", "'s", "ß", "DL", "-", "İ", "manchester "]
        )
    ).map("".join),
)  # fmt: skip


@given(text=TEXTS, handle=TEXTS, tags=st.lists(TEXTS, max_size=3))
def test_matching_never_raises_and_lists_brands_once_sorted(text: str, handle: str, tags: list[str]) -> None:
    found = WATCHLIST.match(
        tweet(text, author_handle=handle, in_reply_to_handle=handle, mentions=tuple(tags), hashtags=tuple(tags))
    )
    keys = [match.brand for match in found]
    assert keys == sorted(set(keys))
    assert all(match.matched and list(match.matched) == sorted(set(match.matched)) for match in found)


@given(texts=st.lists(TEXTS, max_size=6))
def test_a_batch_matches_as_its_tweets_do_one_by_one(texts: list[str]) -> None:
    tweets = [tweet(text) for text in texts]
    assert WATCHLIST.match_many(tweets) == [WATCHLIST.match(t) for t in tweets]


@given(text=TEXTS, lang=st.sampled_from([None, "es", "en"]))
def test_a_text_matches_the_same_whatever_was_matched_before(text: str, lang: str | None) -> None:
    again = Watchlist(WATCHLIST.brands)
    assert again.match(tweet(text, lang=lang)) == WATCHLIST.match(tweet(text, lang=lang))


@given(st.text(st.characters(exclude_characters="/")) | TEXTS.map(lambda text: text.replace("/", "")))
def test_a_text_without_slash_and_www_holds_no_address(text: str) -> None:
    """As `Watchlist.match` takes it, which looks for addresses only in other texts."""
    assert "www." in text.lower() or without_urls(text) == text


UNRELATED = st.text(st.characters(categories=["Ll", "Lo", "Po"], exclude_characters="@#/"), max_size=30).filter(
    lambda text: not WATCHLIST.match(tweet(text)) and "river" not in fold(text)
)


@given(
    before=UNRELATED, after=UNRELATED, name=st.sampled_from(["US Airways", "@united", "#UnitedFail", "delta flight"])
)
def test_unrelated_text_around_a_name_keeps_the_match(before: str, after: str, name: str) -> None:
    found = {match.brand for match in WATCHLIST.match(tweet(f"{before} {name} {after}"))}
    assert {match.brand for match in WATCHLIST.match(tweet(name))} <= found


def test_a_very_long_text_is_read_up_to_the_longest_post() -> None:
    assert matched("x " * 12_000 + "US Airways") == {"us-airways": ("us airways",)}
    assert matched("x " * 13_000 + "US Airways") == {}


@given(text=st.text())
def test_folding_does_not_see_case_or_line_ends(text: str) -> None:
    assert fold(text.casefold()) == fold(text) or not text.isascii()
    assert not set(fold(text)) & set("\n\t\r\0")


MANY = Watchlist.parse(
    "version = 1\n"
    + "\n".join(f'[brands.b{n:02d}]\naliases = ["name{n:02d}", "family"]\nofficial = ["b{n:02d}"]' for n in range(50))
)
NAMES = [f"name{n:02d}" for n in range(50)]


def test_of_many_names_in_one_text_the_first_twenty_count() -> None:
    found = MANY.match(tweet(" ".join(reversed(NAMES))))
    assert [match.brand for match in found] == [f"b{n:02d}" for n in range(30, 50)]


def test_a_name_that_is_repeated_is_one() -> None:
    assert len(MANY.match(tweet(" ".join(NAMES[:5] * 100)))) == 5


def test_all_brands_that_share_a_name_are_spoken_of() -> None:
    assert len(MANY.match(tweet("family"))) == 50


def test_the_author_s_brand_is_spoken_of_however_many_names_there_are() -> None:
    found = MANY.match(tweet(" ".join(NAMES[:30]), author_handle="b49"))
    assert [match.brand for match in found if match.official] == ["b49"]
    assert len(found) == MAX_NAMES + 1
