"""``vigie ingest x --plan``: what would be asked of X, and what X says of it, before anything is.

Without a token the rules are worked out and compared with nothing. With one X is asked for those that there are, and
tries the new ones (``dry_run``); it changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from agents import exits
from agents.cli.console import fail, print_json, read_watchlist
from agents.cli.paragraphs import paragraph, show
from agents.ingest.contract import SourceRefused
from agents.ingest.sources.x.api import NotDone, RuleRefused, RulesApi, advice
from agents.ingest.sources.x.clock import XClock
from agents.ingest.sources.x.following import session
from agents.ingest.sources.x.token import TokenFile
from agents.settings import Settings
from pipeline.ingest.xaccess import RULE_DELAY_S, Access
from pipeline.ingest.xfields import STREAM_QUERY
from pipeline.ingest.xrules import Changes, Rule, RulesDoNotFit, StandingRule, changes, rules_of
from pipeline.ingest.xterms import chars_of, left_to_enrich
from pipeline.watchlist import Watchlist

__all__ = ["Plan", "make_plan", "run_plan"]

_INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be asked of X."""

    rules: tuple[Rule, ...]
    """All that are wanted."""
    access: Access
    level: str
    """Name of the access level."""
    notes: dict[str, tuple[str, ...]]
    """By brand: what is left to enrich, or asked for in vain."""
    changes: Changes | None = None
    """Against what is there; none when X was not asked."""
    refused: Sequence[RuleRefused] = field(default=())
    """What X would not take."""
    untried: int = 0
    """New rules that X could not try, as they fit only once others are gone."""


async def make_plan(watchlist: Watchlist, access: Access, level: str, api: RulesApi | None) -> Plan:
    """Work out the rules, and have X say what it thinks of them if it can be asked.

    Raises
    ------
    RulesDoNotFit
        It takes more rules than there may be.
    NotDone
        X does not answer, or not as it should.
    """
    standing = None if api is None else await api.standing()
    foreign = sum(not rule.is_ours for rule in standing or ())
    rules = rules_of(watchlist, access, taken=foreign)
    notes = {key: said for key, brand in watchlist.brands.items() if (said := left_to_enrich(brand))}
    plan = Plan(rules=rules, access=access, level=level, notes=notes)
    if api is None or standing is None:
        return plan
    todo = changes(rules, standing)
    tried = todo.add[: max(access.rules - len(standing), 0)]
    refused = [each for each in await api.add(tried, dry_run=True) if not each.twin] if tried else []
    return Plan(
        rules=rules,
        access=access,
        level=level,
        notes=notes,
        changes=todo,
        refused=refused,
        untried=len(todo.add) - len(tried),
    )


def run_plan(settings: Settings, access: Access, *, as_json: bool = False) -> NoReturn:
    """Print the plan, and exit: 0, or 1 when X would not take a rule."""
    watchlist = read_watchlist(settings)
    token: TokenFile | None = None
    try:
        if settings.x_token_file is not None:
            token = TokenFile.of(settings)
        plan = asyncio.run(_planned(settings, watchlist, access, token))
    except (RulesDoNotFit, SourceRefused) as exc:
        fail(str(exc), exits.CONFIG)
    except NotDone as exc:
        if token is None or not exc.is_refusal:
            fail(f"rules at X: {exc}", exits.UNAVAILABLE)
        fail(f"rules at X: {exc}\n{advice(exc, settings.x_api, token)}", exits.CONFIG)
    if as_json:
        print_json(_document(plan))
    else:
        _show(plan)
    raise SystemExit(exits.FAILED if plan.refused else exits.OK)


async def _planned(settings: Settings, watchlist: Watchlist, access: Access, token: TokenFile | None) -> Plan:
    if token is None:
        return await make_plan(watchlist, access, settings.x_access, None)
    async with session() as client:
        api = RulesApi(settings.x_api, token, client, XClock())
        return await make_plan(watchlist, access, settings.x_access, api)


# -- for people ------------------------------------------------------------------------------------------


def _show(plan: Plan) -> None:
    access = plan.access
    longest = max((chars_of(rule.value) for rule in plan.rules), default=0)
    paragraph(
        f"The watchlist takes {len(plan.rules)} of the {access.rules:,} rules that X allows (access {plan.level}); "
        f"the longest has {longest:,} of {access.rule_chars:,} characters.",
    )
    if plan.changes is None:
        show("")
        for rule in plan.rules:
            _show_rule("  ", rule, "")
        show("")
        paragraph(
            "Not compared with the rules that are at X: there is no token. Give one with VIGIE_X_TOKEN_FILE, a file "
            "with the Bearer token of your app.",
            style="yellow",
        )
    else:
        _show_changes(plan, plan.changes)
    _show_notes(plan)
    show("")
    paragraph("The stream is asked for these fields, and nothing more:")
    for name, value in STREAM_QUERY.items():
        paragraph(value.replace(",", ", "), first=f"{_INDENT}{name} = ", rest=_INDENT * 2)


def _show_changes(plan: Plan, todo: Changes) -> None:
    show("")
    kept = {rule.value.lower() for rule in todo.keep}
    for rule in plan.rules:
        if rule.value.lower() in kept:
            _show_rule("= ", rule, "dim")
    for rule in todo.add:
        _show_rule("+ ", rule, "green")
    for gone in todo.delete:
        _show_rule("- ", gone, "red")
    show("")
    paragraph(
        f"{len(todo.add)} would be added, {len(todo.delete)} taken away, {len(todo.keep)} kept; "
        f"{len(todo.foreign)} of others are there and stay as they are. Nothing was changed: `vigie ingest x` does it "
        f"when it starts. Posts come by a new rule some {RULE_DELAY_S} s after X has taken it."
    )
    for each in plan.refused:
        paragraph(f"X would not take: {each.value or 'a rule'}: {each.words}", rest=_INDENT, style="bold red")
    if plan.untried:
        paragraph(f"{plan.untried} could not be tried: there is room for them only once others are gone.")


def _show_rule(sign: str, rule: Rule | StandingRule, style: str) -> None:
    show(f"{sign}{rule.tag}  ({chars_of(rule.value):,} characters)", style)
    paragraph(rule.value, first=_INDENT, rest=_INDENT, style=style)


def _show_notes(plan: Plan) -> None:
    if plan.notes:
        show("")
        paragraph("What X cannot be asked for as the watchlist has it:")
    for key, said in plan.notes.items():
        for each in said:
            paragraph(f"{key}: {each}.", first=_INDENT, rest=_INDENT * 2)


# -- for programs ----------------------------------------------------------------------------------------


def _document(plan: Plan) -> dict[str, Any]:
    todo = plan.changes
    return {
        "access": {"level": plan.level, "rules": plan.access.rules, "rule_chars": plan.access.rule_chars},
        "rules": [rule._asdict() | {"chars": chars_of(rule.value)} for rule in plan.rules],
        "changes": None
        if todo is None
        else {
            "add": [rule._asdict() for rule in todo.add],
            "delete": [rule._asdict() for rule in todo.delete],
            "keep": [rule._asdict() for rule in todo.keep],
            "foreign": [rule._asdict() for rule in todo.foreign],
            "refused": [{"value": each.value, "words": each.words} for each in plan.refused],
            "untried": plan.untried,
        },
        "notes": plan.notes,
        "stream": dict(STREAM_QUERY),
    }
