from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.xaccess import ACCESS, Access
from pipeline.ingest.xrules import OURS, Rule, RulesDoNotFit, StandingRule, changes, rules_of
from pipeline.ingest.xterms import chars_of, terms_of
from pipeline.watchlist import Alias, Brand, Watchlist
from tests.pipeline.ingest.xlanguage import parse

PRO = ACCESS["pro"]


def access(rules: int, chars: int = 512) -> Access:
    return Access(rules=rules, rule_chars=chars, connections=1, backfill_minutes=0)


def brand(number: int, names: int = 3) -> Brand:
    key = f"brand-{number:04}"
    aliases = tuple(Alias(text=f"name {each} of {key}") for each in range(names))
    return Brand(key=key, name=key, aliases=aliases, handles=(f"handle_{number}",))


def watchlist_of(*brands: Brand) -> Watchlist:
    return Watchlist({each.key: each for each in brands})


def clauses(rules: tuple[Rule, ...]) -> Counter[str]:
    """The terms of rules, whose names here hold no OR."""
    return Counter(term for rule in rules for term in rule.value.split(" OR "))


def test_each_brand_has_a_rule_of_its_own_with_its_key_for_a_tag() -> None:
    rules = rules_of(watchlist_of(brand(1), brand(2)), PRO)
    assert [rule.tag for rule in rules] == ["vigie:brand-0001", "vigie:brand-0002"]


def test_a_brand_with_many_names_has_several_rules() -> None:
    rules = rules_of(watchlist_of(brand(1, names=40)), PRO)
    assert [rule.tag for rule in rules] == ["vigie:brand-0001", "vigie:brand-0001:2"]
    assert max(chars_of(rule.value) for rule in rules) <= PRO.rule_chars


def test_two_brands_that_look_for_the_same_share_a_rule() -> None:
    twins = [Brand(key=key, name=key, handles=(handle,)) for key, handle in (("a", "Acme"), ("b", "ACME"))]
    assert len(rules_of(watchlist_of(*twins), PRO)) == 1


names = st.text("abcdeéß ❤'&漢", min_size=1, max_size=60).filter(lambda name: any(map(str.isalpha, name)))
some_brands = st.lists(
    st.tuples(
        st.lists(
            st.builds(
                Alias,
                text=names,
                requires=st.lists(names, max_size=8).map(tuple),
                languages=st.sampled_from([(), ("en",), ("en", "fr", "zh", "de", "es"), ("xx",)]),
            ),
            max_size=5,
        ),
        st.lists(st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(some_brands, st.integers(256, 2_048), st.integers(1, 12))
def test_limits_hold_and_no_term_is_lost_however_rules_are_packed(
    given_brands: list[tuple[list[Alias], list[str]]], chars: int, number: int
) -> None:
    watchlist = watchlist_of(
        *(
            Brand(key=f"b{at}", name="b", aliases=tuple(aliases), official=tuple(handles))
            for at, (aliases, handles) in enumerate(given_brands)
        )
    )
    try:
        rules = rules_of(watchlist, access(number, chars))
    except RulesDoNotFit:
        return
    assert 0 < len(rules) <= number
    assert all(0 < chars_of(rule.value) <= chars for rule in rules)
    assert all(rule.tag.startswith(OURS) for rule in rules)
    assert len({rule.value for rule in rules}) == len({rule.tag for rule in rules}) == len(rules)
    whole = " OR ".join(rule.value.lower() for rule in rules)
    for each in watchlist.brands.values():
        for term in terms_of(each, chars):
            parse(term)
            assert f" {term.lower()} " in f" {whole} "


def test_terms_are_neither_lost_nor_invented_when_brands_share_rules() -> None:
    watchlist = watchlist_of(*map(brand, range(60)))
    own, shared = rules_of(watchlist, PRO), rules_of(watchlist, access(59, 1_024))
    assert len(own) == 60
    assert len(shared) < 60
    assert clauses(own) == clauses(shared)


@pytest.mark.parametrize("allowed", [700, 250], ids=["a rule each", "shared rules"])
def test_a_change_of_one_brand_changes_few_rules(allowed: int) -> None:
    brands = [*map(brand, range(600))]
    before = rules_of(watchlist_of(*brands), access(allowed, 1_024))
    assert len(before) <= allowed
    for at in (0, 299, 599):
        changed = [brand(each, names=4 if each == at else 3) for each in range(600)]
        after = rules_of(watchlist_of(*changed), access(allowed, 1_024))
        without = rules_of(watchlist_of(*brands[:at], *brands[at + 1 :]), access(allowed, 1_024))
        for other in (after, without):
            assert len({rule.value for rule in other} - {rule.value for rule in before}) <= 2


def test_rules_are_packed_tightly_before_it_is_too_many() -> None:
    watchlist = watchlist_of(*map(brand, range(600)))
    total = sum(chars_of(rule.value) + 4 for rule in rules_of(watchlist, PRO))
    fewest = -(-total // 1_024)
    rules = rules_of(watchlist, access(fewest + fewest // 5, 1_024))
    assert {rule.tag.split(":")[1] for rule in rules} == {"packed"}


def test_too_many_names_are_told_with_both_numbers_and_a_way_out() -> None:
    watchlist = watchlist_of(*map(brand, range(60)))
    with pytest.raises(
        RulesDoNotFit, match=r"60 brands needs \d+ rules of 512 characters, and X allows 5: take brands"
    ):
        rules_of(watchlist, access(5))


def test_rules_of_others_take_room() -> None:
    watchlist = watchlist_of(brand(1), brand(2, names=7))
    assert len(rules_of(watchlist, access(5), taken=3)) == 2
    with pytest.raises(RulesDoNotFit, match="of which others have 4"):
        rules_of(watchlist, access(5), taken=4)


def test_an_access_level_without_the_stream_is_told() -> None:
    with pytest.raises(RulesDoNotFit, match="no filtered stream; set VIGIE_X_ACCESS"):
        rules_of(watchlist_of(brand(1)), ACCESS["basic"])


def test_rules_too_short_for_a_name_are_told() -> None:
    with pytest.raises(RulesDoNotFit, match="give at least 256"):
        rules_of(watchlist_of(brand(1)), access(5, 100))


def test_a_name_that_is_longer_than_a_rule_is_told_with_its_brand() -> None:
    long = Brand(key="acme", name="Acme", aliases=(Alias(text="\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 30),))
    with pytest.raises(RulesDoNotFit, match=r"brand acme: .* make the name shorter"):
        rules_of(watchlist_of(long), access(5))


# -- the difference --------------------------------------------------------------------------------------


def standing(*rules: tuple[str, str]) -> list[StandingRule]:
    return [StandingRule(str(number), value, tag) for number, (value, tag) in enumerate(rules)]


def test_only_our_own_rules_are_ever_taken_away() -> None:
    found = changes([], standing(("a", "vigie:a"), ("b", "vigie"), ("c", ""), ("d", "somebody:vigie:")))
    assert [rule.value for rule in found.delete] == ["a"]
    assert [rule.value for rule in found.foreign] == ["b", "c", "d"]


def test_a_rule_that_is_there_is_kept_whatever_its_tag_and_case() -> None:
    found = changes(
        [Rule("#Acme", "vigie:acme"), Rule("b", "vigie:b")], standing(("#acme", "vigie:old"), ("b", "theirs"))
    )
    assert (found.add, found.delete) == ((), ())
    assert [rule.id for rule in found.keep] == ["0", "1"]


@given(st.sets(st.sampled_from("abcdef")), st.dictionaries(st.sampled_from("abcdef"), st.booleans()))
def test_after_the_changes_the_rules_are_those_that_are_wanted(wanted: set[str], there: dict[str, bool]) -> None:
    before = standing(*((value, f"{OURS}x" if ours else "theirs") for value, ours in there.items()))
    rules = [Rule(value, f"{OURS}{value}") for value in sorted(wanted)]
    todo = changes(rules, before)
    after = [rule for rule in before if rule not in todo.delete]
    after += standing(*todo.add)
    assert {rule.value for rule in after if rule.is_ours} | {r.value for r in todo.foreign} >= wanted
    assert {rule.value for rule in after if rule.is_ours} <= wanted
    assert [rule for rule in before if not rule.is_ours] == [rule for rule in after if not rule.is_ours]
    again = changes(rules, after)
    assert (again.add, again.delete) == ((), ())
