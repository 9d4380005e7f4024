"""More brands than a batch writes: the state of most of them is in memory only when the worker dies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from pipeline.simulate.scenario import DEMO_START_MS
from tests.faults.logs import Log, tweet
from tests.faults.oracle import truth_of
from tests.faults.trial import Trial

BRANDS = [f"brand{n:03}" for n in range(120)]
WATCHLIST = "version = 1\n" + "".join(f'[brands.{name}]\nname = "{name}"\naliases = ["{name}"]\n' for name in BRANDS)


def test_a_worker_killed_with_most_brands_still_to_be_written_loses_and_doubles_nothing(
    make_trial: Callable[..., Trial],
) -> None:
    trial = make_trial(partitions=(1, 1))
    Path(str(trial.settings.watchlist)).write_text(WATCHLIST)
    rng = Random(8)
    # At a hundred records a batch every batch closes a minute of every brand, and they are eight batches behind.
    said = (f"{rng.choice(BRANDS)} {rng.choice(('is down', 'is great', 'lost my bag', 'again'))}" for _ in range(4000))
    log = Log(tuple(tweet(DEMO_START_MS + n * 600, text) for n, text in enumerate(said)), 1).closed()
    expected = truth_of(trial.settings, log)
    trial.feed(log.part(0.0, 0.6))
    with trial.worker("killed", fault_points="track.states-written:kill@25") as worker:
        assert worker.wait(60) == 128 + 9
    assert trial.lag("track") > 0
    trial.feed(log.part(0.6, 1.0))
    with trial.worker("last") as worker:
        recovery_s = trial.recovery_s()
        trial.settle(worker)

    outcome = trial.judge(expected, fault="kill -9 of track with 120 brands", injected=1, recovery_s=recovery_s)

    assert outcome.repeated, "what was published before its state was written is told twice"
