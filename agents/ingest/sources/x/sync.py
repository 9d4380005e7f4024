"""The rules at X are made those of the watchlist, and kept so: at the start, when the file changes, now and then.

ADR: what is right is added before anything is taken away, so that no post is lost meanwhile, unless the number of rules
does not allow it. Each change is tried first (``dry_run``). Once X refuses a rule nothing is taken away: the rules from
before go on, and whoever looks at the log or the metric has time to mend the watchlist. What has come of it is not
believed but looked up.

ADR: X is asked every quarter of an hour, too: somebody may have changed the rules there, and a rule that is gone looks
like a brand that nobody speaks of. That is one request of the 450 that it takes in that time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from agents.filestamp import FileStamp, file_stamp
from agents.ingest.contract import SourceRefused
from agents.ingest.sources.x.api import SEE_PLAN, NotDone, RuleRefused, RulesApi, advice
from agents.ingest.sources.x.follow import Shared
from agents.ingest.telling import News
from agents.metrics.ingest import SourceMetrics
from pipeline.ingest.backoff import Backoff
from pipeline.ingest.xaccess import RULE_DELAY_S, Access
from pipeline.ingest.xrules import Changes, Rule, RulesDoNotFit, StandingRule, changes, rules_of
from pipeline.watchlist import Watchlist, WatchlistError

__all__ = ["Outcome", "RuleSync", "synchronise"]

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
_BATCH = 200
"""Rules in a request: 400,000 characters at most, and 25,000 rules in 125 requests of each kind."""
_LOOK_S = 2.0
"""How often the file is looked at."""
_CHECK_S = 900.0
"""How often X is asked for its rules when nothing has changed here."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of making the rules at X those that are wanted."""

    ours: int
    """Rules of ours that are there now."""
    added: int = 0
    deleted: int = 0
    refused: list[RuleRefused] = field(default_factory=list)
    """What X did not take."""
    missing: int = 0
    """Wanted rules that are not there."""
    left_over: int = 0
    """Rules of ours that are there and not wanted."""

    @property
    def is_synced(self) -> bool:
        """Whether the rules are those that are wanted."""
        return not self.missing and not self.left_over


async def synchronise(api: RulesApi, watchlist: Watchlist, access: Access) -> Outcome:
    """Make the rules at X those of a watchlist; those of others stay as they are.

    Raises
    ------
    RulesDoNotFit
        The watchlist takes more rules than there may be. Nothing was changed.
    NotDone
        X does not answer, or not as it should. Something may have been changed.
    """
    standing = await api.standing()
    foreign = sum(not rule.is_ours for rule in standing)
    wanted = await asyncio.to_thread(rules_of, watchlist, access, taken=foreign)  # posts go on meanwhile
    todo = changes(wanted, standing)
    if not todo.add and not todo.delete:
        return Outcome(ours=len(standing) - foreign)
    refused = await _apply(api, todo, room=access.rules - len(standing))
    now = await api.standing()
    left = changes(wanted, now)
    twins = {each.twin for each in refused if each.twin}
    same = {each.value for each in refused if each.twin}
    before, after = {rule.id for rule in standing}, {rule.id for rule in now}
    return Outcome(
        ours=sum(rule.is_ours for rule in now),
        added=len(after - before),
        deleted=len(before - after),
        refused=[each for each in refused if not each.twin],
        missing=sum(rule.value not in same for rule in left.add),
        left_over=sum(rule.id not in twins for rule in left.delete),
    )


async def _apply(api: RulesApi, todo: Changes, room: int) -> list[RuleRefused]:
    refused: list[RuleRefused] = []
    room = max(room, 0)
    for batch in _batches(todo.add[:room]):
        refused += await _add(api, batch)
    if any(not each.twin for each in refused):
        return refused
    kept = {each.twin for each in refused}
    for gone in _batches([rule for rule in todo.delete if rule.id not in kept]):
        refused += await _delete(api, gone)
    for batch in _batches(todo.add[room:]):
        refused += await _add(api, batch)
    return refused


async def _add(api: RulesApi, rules: Sequence[Rule]) -> list[RuleRefused]:
    """Try to add rules, and add those that X would take."""
    refused = await api.add(rules, dry_run=True)
    wrong = {each.value for each in refused}
    right = [rule for rule in rules if rule.value not in wrong]
    return refused + (await api.add(right) if right else [])


async def _delete(api: RulesApi, rules: Sequence[StandingRule]) -> list[RuleRefused]:
    """Take rules away. X may know one no more: then it is as it should be, and what is left shows."""
    await api.delete(rules, dry_run=True)
    await api.delete(rules)
    return []


def _batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for at in range(0, len(items), _BATCH):
        yield items[at : at + _BATCH]


class RuleSync:
    """Keeps the rules at X those of the watchlist. Mutable; made anew for each run.

    Parameters
    ----------
    path : Path
        The watchlist.
    access : Access
        How many rules there may be, and how long.
    look_s, check_s : float
        How often the file is looked at, and how often X is asked when it has not changed.

    Raises
    ------
    SourceRefused
        The watchlist cannot be used, or takes more rules than there may be.
    """

    def __init__(self, path: Path, access: Access, *, look_s: float = _LOOK_S, check_s: float = _CHECK_S) -> None:
        self._path = path
        self._access = access
        self._look_s = look_s
        self._check_s = check_s
        self._stamp: FileStamp = file_stamp(path)
        self._is_current = True
        """Whether the watchlist in force is what the file holds."""
        self._is_due = True
        """Whether X has not been made to follow it yet."""
        try:
            self._watchlist = Watchlist.load(path)
            rules_of(self._watchlist, access)
        except (WatchlistError, RulesDoNotFit) as exc:
            raise SourceRefused(f"{exc}\nThe watchlist is set by VIGIE_WATCHLIST.") from exc

    async def keep(self, shared: Shared) -> None:
        """Go on until cancelled; ``shared.ready`` is set once the rules are in force.

        Raises
        ------
        SourceRefused
            X does not take them, and the stream was never ready.
        """
        api = RulesApi(shared.api, shared.token, shared.session, shared.clock)
        backoff, news = Backoff(clock=shared.clock.monotonic, jitter=shared.jitter), News(shared.clock.monotonic)
        metrics = shared.outlet.metrics
        metrics.rules_synced.set(0)
        while True:
            try:
                wait_s = self._told(await synchronise(api, self._watchlist, self._access), shared)
            except RulesDoNotFit as exc:
                metrics.rules_synced.set(0)
                if not shared.ready.is_set():
                    raise SourceRefused(str(exc)) from exc
                logger.error("rules at X not changed, those in force stay: %s", exc)  # noqa: TRY400 - no stack of a setting
                wait_s = self._check_s
            except NotDone as exc:
                if self._is_due:  # else only a look failed, and the rules are as they were
                    metrics.rules_synced.set(0)
                if exc.is_refusal and not shared.ready.is_set():
                    raise SourceRefused(f"rules at X: {exc}\n{advice(exc, shared.api, shared.token)}") from exc
                wait_s = backoff.after(exc.failure, reset_s=exc.reset_s)
                if news.is_due(str(exc)):
                    logger.warning("rules at X: %s; next try in %.1f s", exc, wait_s)
            else:
                backoff.succeeded()
                news.over()
            await self._changed(wait_s, shared)

    def _told(self, outcome: Outcome, shared: Shared) -> float:
        """Tell what came of it. Returns how long that is good for."""
        metrics = shared.outlet.metrics
        metrics.rules.set(outcome.ours)
        metrics.rules_synced.set(outcome.is_synced and self._is_current)
        self._is_due = not outcome.is_synced
        if outcome.added or outcome.deleted:
            logger.info(
                "rules at X: %d added, %d taken away, %d in all; posts come by a new one some %d s after",
                *(outcome.added, outcome.deleted, outcome.ours, RULE_DELAY_S),
            )
        words = "; ".join(
            f"{each.words} ({each.value[:80] or 'which one, X does not say'})" for each in outcome.refused
        )
        if words and not shared.ready.is_set():
            raise SourceRefused(f"X does not take {len(outcome.refused)} of the rules: {words}\n{SEE_PLAN}")
        if words:
            logger.error("X does not take %d of the rules, none was taken away: %s", len(outcome.refused), words)
        elif not outcome.is_synced:
            logger.warning(
                "rules at X are not those of the watchlist: %d missing, %d too many",
                *(outcome.missing, outcome.left_over),
            )
        shared.ready.set()
        return self._check_s

    async def _changed(self, wait_s: float, shared: Shared) -> None:
        """Wait so long, or until the file holds another watchlist."""
        while wait_s > 0:
            step_s = min(self._look_s, wait_s)
            await shared.sleep(step_s)
            wait_s -= step_s
            if await self._is_reloaded(shared.outlet.metrics):
                return

    async def _is_reloaded(self, metrics: SourceMetrics) -> bool:
        stamp = file_stamp(self._path)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            loaded = await asyncio.to_thread(Watchlist.load, self._path)
        except WatchlistError as exc:
            self._is_current = False
            metrics.rules_synced.set(0)
            logger.warning("watchlist not reloaded, the rules stay as they are: %s", exc)
            return False
        is_other = loaded.fingerprint != self._watchlist.fingerprint or not self._is_current
        self._watchlist, self._is_current = loaded, True
        self._is_due |= is_other
        return is_other
