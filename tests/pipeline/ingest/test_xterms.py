from __future__ import annotations

from typing import Any

import pytest

from pipeline.ingest.xterms import chars_of, left_to_enrich, terms_of
from pipeline.watchlist import Alias, Brand
from tests.pipeline.ingest.xlanguage import parse


def terms(*aliases: str | Alias, max_chars: int = 1_024, **fields: Any) -> tuple[str, ...]:
    found = tuple(each if isinstance(each, Alias) else Alias(text=each) for each in aliases)
    return terms_of(Brand(key="a", name="a", aliases=found, **fields), max_chars)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Delta", ["Delta", "#Delta"]),
        ("US Airways", ['"US Airways"', "#USAirways"]),
        ("Coca-Cola", ['"Coca Cola"', "#CocaCola"]),
        ("Été", ['"Été"', "ete", "#Été", "#ete"]),
        ("McDonald's", ['"McDonald\'s"', '"McDonald’s"', "#McDonalds"]),
        ("McDonald’s", ['"McDonald\'s"', '"McDonald’s"', "#McDonalds"]),
        ("AT&T", ['"AT&T"', "#ATT"]),
        ("C++", ["C", "#C"]),
        ("Yahoo!", ["Yahoo", "#Yahoo"]),
        ("Rock ❤ Roll", ["(Rock Roll)", "#RockRoll"]),
        ("Rock ❤ et Folk", ['(Rock "et Folk")', "#RocketFolk"]),
        ("OR", ['"OR"', "#OR"]),
        ("and", ['"and"', "#and"]),
        ("from:acme", ['"from acme"', "#fromacme"]),
        ("-is:retweet", ['"is retweet"', "#isretweet"]),
        ('say "hi" (now)', ['"say hi now"', "#sayhinow"]),
        ("back\\slash", ['"back slash"', "#backslash"]),
        ("a\u202eb\u200bc", ['"a b c"', "#abc"]),
        ("Acme\ud800", ["Acme", "#Acme"]),
        ("365", ["365"]),
        ("達美航空", ['"達美航空"', "#達美航空"]),
        ("@acme_air", ["@acme_air", "#acme_air"]),
        ("#AcmeFail", ["#AcmeFail"]),
        ("_", []),
    ],
)
def test_a_name_is_asked_for_as_it_may_be_written(name: str, expected: list[str]) -> None:
    found = terms(name)
    assert [*found] == expected
    for term in found:
        parse(term)
        chars_of(term)


def test_accents_are_kept_or_not_word_by_word() -> None:
    assert terms("Société Générale")[:4] == (
        '"Société Générale"',
        '"Société generale"',
        '"societe Générale"',
        '"societe generale"',
    )


def test_of_many_words_with_accents_all_are_kept_or_none() -> None:
    assert terms("Été à Orléans près Étel")[:2] == ('"Été à Orléans près Étel"', '"ete a orleans pres etel"')


def test_an_official_account_is_heard_answered_named_and_repeated() -> None:
    assert terms(official=("Acme",), handles=("acme", "help")) == (
        "from:Acme",
        *("@Acme", "to:Acme", "retweets_of:Acme"),
        *("@help", "to:help", "retweets_of:help"),
    )


def test_an_account_of_another_platform_is_only_a_word_to_x() -> None:
    found = terms(official=("acme.bsky.social", "did:plc:abc"), handles=("Acme",))
    assert found == ('"acme.bsky.social"', "@Acme", "to:Acme", "retweets_of:Acme")


def test_names_with_the_same_conditions_share_them() -> None:
    conditions: dict[str, Any] = {"requires": ("flight", "customer service"), "languages": ("en", "zh")}
    found = terms(Alias(text="Delta", **conditions), Alias(text="DL", **conditions))
    (term,) = found
    assert term == (
        '((Delta OR #Delta OR DL OR #DL) (flight OR #flight OR "customer service") '
        "(lang:en OR lang:zh-CN OR lang:zh-TW OR lang:und))"
    )


def test_a_long_list_of_conditions_is_split_and_each_part_keeps_its_names() -> None:
    words = tuple(f"word{number}" for number in range(80))
    found = terms(Alias(text="Delta", requires=words, languages=("fr",)), max_chars=300)
    assert len(found) > 4
    assert all(chars_of(term) <= 300 for term in found)
    assert all(term.startswith("((Delta OR #Delta) (") for term in found)
    assert all(term.endswith(" (lang:fr OR lang:und))") for term in found)
    for word in words:
        assert sum(f" {word} " in term.replace("(", " ").replace(")", " ") for term in found) == 1


def test_many_names_with_conditions_are_split_and_each_part_keeps_the_conditions() -> None:
    found = terms(*(Alias(text=f"Name {number}", requires=("flight",)) for number in range(40)), max_chars=300)
    assert all(chars_of(term) <= 300 and term.endswith(" (flight OR #flight))") for term in found)
    assert sum(term.count('"Name ') for term in found) == 40


def test_conditions_that_leave_no_room_for_a_name_are_left_to_enrich() -> None:
    many = ("am", "ar", "bg", "bn", "bo", "bs", "ca", "cs", "cy", "da", "de")
    assert terms(Alias(text="Delta", languages=many), max_chars=256) == ("Delta", "#Delta")
    assert terms(Alias(text="Delta", requires=("x" * 200,)), max_chars=256) == ("Delta", "#Delta")


def test_a_language_that_x_has_no_word_for_is_not_asked_for() -> None:
    assert terms(Alias(text="Delta", languages=("en", "xx"))) == ("Delta", "#Delta")


def test_a_required_word_that_x_cannot_be_asked_for_takes_the_condition_away() -> None:
    assert terms(Alias(text="Delta", requires=("flight", "_"))) == ("Delta", "#Delta")


def test_nothing_is_negated() -> None:
    found = terms(Alias(text="Delta", excludes=("river",), not_in=("delta force",)), excludes=("delta force",))
    assert found == ("Delta", "#Delta")


def test_people_are_told_what_is_left_to_enrich() -> None:
    odd = (
        Alias(text="Delta", not_in=("delta force",), case_sensitive=True),
        Alias(text="達美航空", languages=("xx", "en")),
        Alias(text="_"),
    )
    said = left_to_enrich(Brand(key="a", name="a", aliases=odd, excludes=("river",)))
    assert said == (
        "excludes, not_in, case_sensitive: X sends what they keep out, enrich drops it",
        "languages: X has no lang:xx; these names are asked for in all languages",
        "X cannot be asked for _: there is no word in it",
        "X may not find what is written without spaces around it: 達美航空",
    )
    assert left_to_enrich(Brand(key="b", name="b", aliases=(Alias(text="Acme"),))) == ()


def test_a_rule_is_as_long_as_it_would_be_in_utf_16() -> None:
    assert (chars_of("abc"), chars_of("été"), chars_of("\N{MATHEMATICAL SCRIPT CAPITAL X}")) == (3, 3, 2)
