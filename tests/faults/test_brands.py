"""Brands that share a minute over many partitions, fall silent, leave the watchlist and come back."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from random import Random

from pipeline.simulate import demo_watchlist
from schemas.codec import decode
from tests.faults.logs import interleaved, mentions_of, talk
from tests.faults.oracle import OracleRun, truth_of
from tests.faults.trial import Trial
from tests.live.vigie import now_ms, until

MINUTE_MS = 60_000


def test_the_same_minutes_on_many_partitions_and_a_brand_that_falls_silent_all_close(
    make_trial: Callable[..., Trial],
) -> None:
    trial = make_trial(partitions=(4, 8))
    start_ms = now_ms() - 10 * 60 * MINUTE_MS
    silent = mentions_of("nimbus", start_ms=start_ms, minutes=10, every_s=3, partition=0)
    steady = [
        mentions_of(brand, start_ms=start_ms, minutes=240, every_s=15, partition=partition)
        for partition, brand in ((1, "brightcart"), (2, "corail air"), (3, "brightcart"))
    ]
    log = interleaved(4, silent, *steady).closed()
    expected = truth_of(trial.settings, log)
    with trial.crew(2) as crew, trial.load(log, over_s=30.0):
        trial.until_committed("track", 200)
        crew.kill_one(Random(8))
        recovery_s = trial.recovery_s()
        trial.settle()
    trial.judge(expected, fault="same minutes on 8 partitions, a brand silent", injected=1, recovery_s=recovery_s)
    ends = [decode(payload)["window_end"] for payload in expected.windows["nimbus-mobile"]]
    assert len(ends) == len(set(ends)) >= 240, "the silent brand's minutes close as the others' do"


def test_a_brand_that_leaves_the_watchlist_and_comes_back_goes_on_where_it_was(trial: Trial) -> None:
    log = talk(seed=701, records=6000, partitions=2).closed()
    oracle = OracleRun(trial.settings, 2)
    watchlist = trial.settings.watchlist
    whole = demo_watchlist()
    expected = oracle.truth
    with trial.worker("worker") as worker:
        for turn, text in enumerate((whole, without(whole, "nimbus-mobile"), whole)):
            watchlist.write_text(text, encoding="utf-8")
            until(partial(reloaded, trial, turn), what="the watchlist is read again", trial=trial)
            part = log.part(turn / 3, (turn + 1) / 3)
            trial.feed(part)
            oracle.reload_watchlist()
            oracle.run(part)
            trial.settle(worker)
    trial.judge(expected, fault="brand taken off the watchlist, put back", injected=2)


def reloaded(trial: Trial, times: int) -> bool:
    """Whether both roles of the worker have read the watchlist again so many times."""
    return trial.logs(whole=True).count("watchlist reloaded") >= 2 * times


def without(watchlist: str, brand: str) -> str:
    """The watchlist without one of its brands."""
    left = re.sub(rf"(?ms)^\[brands\.{brand}\].*?(?=^\[brands\.|\Z)", "", watchlist)
    assert brand not in left
    return left


def test_a_watchlist_without_a_brand_still_has_the_others() -> None:
    assert without(demo_watchlist(), "nimbus-mobile").count("[brands.") == demo_watchlist().count("[brands.") - 1
