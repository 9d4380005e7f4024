"""The rules of X's filtered stream that a watchlist asks for, and how they differ from those that are there.

ADR: few rules change when a brand does
---------------------------------------
Each brand has rules of its own while their number allows it. When it does not, rules are shared, in groups that follow
from a hash of what is in them: halved until each fits into one rule, so that a change stays within its group. When even
that is too many, they are packed as tightly as they go, in the order of keys, and a change moves what comes after it.

ADR: whose a rule is
--------------------
A rule with a tag that begins with ``vigie:`` is ours and is taken away when nobody wants it; no other one ever is. What
a rule asks for decides whether it is there: tags cannot be changed, and to take a rule away for its tag would lose
posts. So one project of X is for one Vigie: another one with the same token would take its rules away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from pipeline.ingest.xaccess import Access
from pipeline.ingest.xterms import chars_of, terms_of
from pipeline.watchlist import Watchlist

__all__ = ["OURS", "Changes", "Rule", "RulesDoNotFit", "StandingRule", "changes", "rules_of"]

OURS = "vigie:"
"""How the tags of our rules begin."""
_OR = " OR "
_LEAST_CHARS = 256
"""Names may have 100 characters, and every one of them must fit."""


class Rule(NamedTuple):
    """A rule that is wanted."""

    value: str
    """What it asks for."""
    tag: str
    """Whose it is, and for which brand."""


class StandingRule(NamedTuple):
    """A rule as X has it."""

    id: str
    value: str
    tag: str

    @property
    def is_ours(self) -> bool:
        """Whether we made it."""
        return self.tag.startswith(OURS)


class RulesDoNotFit(ValueError):
    """The watchlist needs more than X allows. The message says how much, and what can be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What makes the rules at X those that are wanted."""

    add: tuple[Rule, ...]
    delete: tuple[StandingRule, ...]
    """Ours, and not wanted any more."""
    keep: tuple[StandingRule, ...]
    """Wanted, and there: ours, or somebody else's that asks for just that."""
    foreign: tuple[StandingRule, ...]
    """Somebody else's; they count for the number, and are never touched."""


def rules_of(watchlist: Watchlist, access: Access, *, taken: int = 0) -> tuple[Rule, ...]:
    """Return rules that find every post that the watchlist does, and few others; no two alike.

    Parameters
    ----------
    watchlist : Watchlist
        The brands to look for.
    access : Access
        How many rules there may be, and how long they may be.
    taken : int
        Rules that others have, which count for the number.

    Raises
    ------
    RulesDoNotFit
        It takes more rules than there may be, or a longer one.
    """
    if access.rules <= 0:
        raise RulesDoNotFit(
            "this access level has no filtered stream; set VIGIE_X_ACCESS to the one that you pay for, "
            "or give the number of rules that you have with --rules"
        )
    if access.rule_chars < _LEAST_CHARS:
        raise RulesDoNotFit(
            f"rules of {access.rule_chars} characters are too short for what a watchlist may hold; "
            f"give at least {_LEAST_CHARS} with --rule-length"
        )
    own = _distinct(
        Rule(value, tag) for key in watchlist.brands for value, tag in _rules_of_brand(watchlist, key, access)
    )
    allowed = access.rules - taken
    rules: Sequence[Rule] = own
    for fewer in (_grouped, _packed):
        if len(rules) <= allowed:
            break
        rules = _distinct(fewer(own, access.rule_chars))
    if len(rules) > allowed:
        raise RulesDoNotFit(_too_many(len(rules), len(watchlist.brands), access, taken))
    return tuple(rules)


def changes(wanted: Iterable[Rule], standing: Iterable[StandingRule]) -> Changes:
    """Return what is to be added and taken away. Neither order matters, but that of what is added is kept."""
    wanted, standing = tuple(wanted), tuple(standing)
    there = {rule.value.lower() for rule in standing}  # X tells no case apart
    values = {rule.value.lower() for rule in wanted}
    return Changes(
        add=tuple(rule for rule in wanted if rule.value.lower() not in there),
        delete=tuple(rule for rule in standing if rule.is_ours and rule.value.lower() not in values),
        keep=tuple(rule for rule in standing if rule.value.lower() in values),
        foreign=tuple(rule for rule in standing if not rule.is_ours),
    )


# -- packing ---------------------------------------------------------------------------------------------


def _rules_of_brand(watchlist: Watchlist, key: str, access: Access) -> Iterator[Rule]:
    terms = terms_of(watchlist.brands[key], access.rule_chars)
    for term in terms:
        if chars_of(term) > access.rule_chars:
            raise RulesDoNotFit(
                f"brand {key}: {term[:60]}… takes {chars_of(term)} characters, and a rule may have "
                f"{access.rule_chars}: make the name shorter"
            )
    for number, value in enumerate(_joined(terms, access.rule_chars), 1):
        yield Rule(value, f"{OURS}{key}" if number == 1 else f"{OURS}{key}:{number}")


def _joined(values: Iterable[str], max_chars: int) -> Iterator[str]:
    """Join values by OR, in their order, as many as fit."""
    joined = ""
    for value in values:
        if joined and chars_of(joined) + len(_OR) + chars_of(value) > max_chars:
            yield joined
            joined = ""
        joined = f"{joined}{_OR}{value}" if joined else value
    if joined:
        yield joined


def _grouped(rules: Sequence[Rule], max_chars: int, bits: str = "") -> Iterator[Rule]:
    """Join rules in groups by the hash of their tags: each of as many as fit into one."""
    if len(rules) < 2:
        yield from rules
        return
    joined = [*_joined((rule.value for rule in rules), max_chars)]
    if len(joined) == 1:
        yield Rule(joined[0], f"{OURS}shared:{bits or '0'}")
        return
    for bit in "01":
        yield from _grouped([rule for rule in rules if _bit(rule.tag, len(bits)) == bit], max_chars, bits + bit)


def _bit(tag: str, at: int) -> str:
    digest = blake2b(tag.encode(), digest_size=32).digest()
    return f"{digest[at // 8]:08b}"[at % 8]


def _packed(rules: Sequence[Rule], max_chars: int) -> Iterator[Rule]:
    """Join rules in their order, as many as fit."""
    for number, value in enumerate(_joined((rule.value for rule in rules), max_chars), 1):
        yield Rule(value, f"{OURS}packed:{number}")


def _distinct(rules: Iterable[Rule]) -> list[Rule]:
    """Return rules without those that ask for the same: X refuses them."""
    found: dict[str, Rule] = {}
    for rule in rules:
        found.setdefault(rule.value.lower(), rule)
    return [*found.values()]


def _too_many(needed: int, brands: int, access: Access, taken: int) -> str:
    others = f", of which others have {taken}" if taken else ""
    return (
        f"the watchlist of {brands} {'brand' if brands == 1 else 'brands'} needs {needed} rules of "
        f"{access.rule_chars} characters, and X allows {access.rules}{others}: take brands or names out of it, "
        "or use an access level that allows more (VIGIE_X_ACCESS, or --rules if you have agreed upon a number)"
    )
