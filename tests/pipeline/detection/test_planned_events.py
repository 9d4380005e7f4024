"""What a planned event does to detection: more mentions are no surprise then, and nothing else changes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from random import Random

import pytest

from pipeline.bucket import BUCKET_MS, ClosedBucket
from pipeline.concerns.baseline import Baseline
from pipeline.detection import Detector
from pipeline.detection.model import BrandModel
from pipeline.detection.reading import features
from pipeline.planned import NOTHING_PLANNED, Calendar, PlannedEvent
from pipeline.settings import DetectionSettings
from schemas.codec import decode, encode
from schemas.times import to_rfc3339
from schemas.window import Level
from tests.pipeline.detection.streams import DAY, HOUR, START_MS, Minute, Watched, closed, talk, watch

CALM, WATCH, ALERT, CRISIS, SEVERE = Level
BEGIN = 4 * DAY
LENGTH = 2 * HOUR + 7
START = START_MS // BUCKET_MS


def plan(expect: float = 10.0, begin: int = BEGIN, length: int = LENGTH) -> Calendar:
    """The event in the minutes of the streams."""
    start = START + begin
    return Calendar((PlannedEvent(name="launch", start=start, end=start + length, expect=expect),))


def planned(minutes: Sequence[Minute], calendar: Calendar) -> Iterator[ClosedBucket]:
    return (replace(bucket, calendar=calendar) for bucket in closed(minutes))


def launch(*, times: float = 8.0, share: float = 0.25, after: int = DAY, seed: int = 3) -> list[Minute]:
    """Four ordinary days, a crowd for a little more than two hours, and what follows."""
    rng = Random(seed)
    return [
        *talk(rng, BEGIN, rate=1.0, share=0.25),
        *talk(rng, LENGTH, rate=times, share=share),
        *talk(rng, after, rate=1.0, share=0.25),
    ]


@cache
def ordinary(seed: int) -> Watched:
    """The days before the event, which are the same however it goes: watched once for all tests."""
    return watch(closed(launch(seed=seed)[:BEGIN]))


def announced(crowd: Sequence[Minute], calendar: Calendar, *, seed: int = 3) -> Watched:
    return watch(islice(planned(crowd, calendar), BEGIN, None), after=ordinary(seed))


def unannounced(crowd: Sequence[Minute], *, seed: int = 3) -> Watched:
    return watch(islice(closed(crowd), BEGIN, None), after=ordinary(seed))


def test_a_crowd_that_was_announced_is_no_surprise_and_one_that_was_not_is_a_watch() -> None:
    for seed in range(3):
        crowd = launch(seed=seed, after=8 * HOUR)
        assert announced(crowd, plan(), seed=seed).highest(BEGIN) is CALM
        assert unannounced(crowd, seed=seed).highest(BEGIN) is WATCH


def test_a_launch_that_nobody_heeds_is_no_surprise_either() -> None:
    assert announced(launch(times=1.0), plan()).highest(BEGIN) is CALM


def test_a_crowd_far_larger_than_announced_is_a_watch_and_no_more() -> None:
    seen = announced(launch(times=60.0), plan(4.0))
    assert seen.highest(BEGIN) is WATCH


def test_a_launch_that_goes_wrong_is_a_crisis_by_its_negativity() -> None:
    seen = announced(launch(share=0.7), plan())
    assert seen.highest(BEGIN, BEGIN + 30) >= ALERT
    assert seen.highest() >= CRISIS


def test_the_share_is_tested_during_an_event_as_it_always_is() -> None:
    spoilt = launch(times=1.0, share=0.75)
    with_plan, without = announced(spoilt, plan()), unannounced(spoilt)
    assert with_plan.highest(BEGIN) == without.highest(BEGIN) >= ALERT
    first_alert = [seen.levels().index(ALERT, BEGIN) for seen in (with_plan, without)]
    assert first_alert[0] <= first_alert[1] + 15  # without it, that there are as many as ever may say a little more


def test_an_event_teaches_as_much_as_minutes_that_were_not_observed() -> None:
    crowd = launch(after=2 * DAY)
    gone = [replace(m, observed=False) if BEGIN <= i < BEGIN + LENGTH else m for i, m in enumerate(crowd)]
    calm = announced(crowd, plan()).detections[-1]
    unseen = unannounced(gone).detections[-1]
    assert replace(calm, score=0.0) == replace(unseen, score=0.0)
    assert calm.score == pytest.approx(unseen.score, abs=0.3)  # the quarter of an hour after is planned as well
    unprotected = unannounced(crowd).detections[-1]
    assert calm.expected_1h < unprotected.expected_1h


def test_the_talk_of_an_event_does_not_become_usual_talk() -> None:
    crowd = [
        replace(m, phrases={"keynote": m.volume}) if BEGIN <= i < BEGIN + LENGTH else replace(m, phrases={"till": 1})
        for i, m in enumerate(launch(after=6 * HOUR))
    ]

    def usual(seen: Watched) -> int:
        _pool, state = seen.detector.state()["talk"]
        baseline = Baseline()
        baseline.restore(state)
        assert baseline.count("till")
        return baseline.count("keynote")

    assert usual(watch(closed(crowd)))
    assert not usual(watch(planned(crowd, plan())))


def test_windows_that_still_hold_a_part_of_the_event_expect_that_part() -> None:
    seen = announced(launch(), plan())
    end = BEGIN + LENGTH
    ordinary, raised, half, past = (seen.detections[at].expected_1h for at in (BEGIN - 1, end - 1, end + 29, end + 60))
    assert raised == pytest.approx(10 * ordinary, rel=0.15)
    assert half == pytest.approx(5.5 * ordinary, rel=0.15)
    assert past == pytest.approx(ordinary, rel=0.15)


def test_anything_between_ordinary_and_announced_is_within_the_interval() -> None:
    seen = announced(launch(), plan())
    before, during = seen.detections[BEGIN - 1], seen.detections[BEGIN + LENGTH - 1]
    assert during.low_1h == pytest.approx(before.low_1h, abs=5)
    assert during.high_1h > 10 * before.expected_1h


def test_the_record_names_the_event_while_it_lasts() -> None:
    seen = watch(planned(launch(after=HOUR), plan()))
    names = [detection.planned for detection in seen.detections]
    assert seen.detections == announced(launch(after=HOUR), plan()).detections, "the days before it are ordinary"
    assert names == [None] * BEGIN + ["launch"] * LENGTH + [None] * HOUR


def test_the_evidence_tells_the_event_that_raised_what_was_expected() -> None:
    seen = announced(launch(share=0.7), plan(5.0))
    evidence = next(event.evidence for event in seen.events if event.level >= ALERT)
    assert evidence.planned is not None
    assert evidence.planned.name == "launch"
    assert evidence.planned.expect == 5.0
    assert evidence.planned.start == to_rfc3339(START_MS + BEGIN * BUCKET_MS)
    assert evidence.planned.end == to_rfc3339(START_MS + (BEGIN + LENGTH) * BUCKET_MS)
    assert evidence.planned.ordinary_volume < evidence.expected_volume
    assert evidence.interval[0] <= evidence.planned.ordinary_volume < evidence.expected_volume < evidence.interval[1]


def test_the_reach_of_an_announced_crowd_makes_a_crisis_no_severe_one() -> None:
    model = BrandModel()
    for bucket in closed(talk(Random(1), 3 * DAY, rate=1.0, share=0.25)):
        model.learn_one(features(bucket.end_ms // BUCKET_MS, bucket.windows))
    crowd = list(closed(talk(Random(1), 3 * DAY, rate=1.0, share=0.25) + talk(Random(2), HOUR, rate=8.0, share=0.25)))
    x = features(crowd[-1].end_ms // BUCKET_MS, crowd[-1].windows)
    unannounced = model.support(x).reach_surprise
    model.calendar = plan(begin=3 * DAY, length=HOUR)
    assert model.support(x).reach_surprise < 1.0 < unannounced


def test_an_event_of_another_time_changes_nothing() -> None:
    crowd = launch(after=6 * HOUR)
    long_ago, to_come = plan(begin=-2 * DAY), plan(begin=10 * DAY)
    plain = unannounced(crowd)
    others = [announced(crowd, calendar) for calendar in (NOTHING_PLANNED, long_ago)]
    for seen in (*others, watch(planned(crowd, to_come))):
        assert seen.detections == plain.detections
        assert seen.events == plain.events


def test_the_calendar_is_no_part_of_the_state_and_a_restart_in_an_event_changes_nothing() -> None:
    buckets = list(planned(launch(share=0.6), plan()))
    cut = BEGIN + 40
    detector = Detector("acme", DetectionSettings())
    for bucket in buckets[:cut]:
        detector.observe(bucket)
    state, alarm = decode(encode(detector.state())), detector.alarm
    assert "launch" not in encode(state).decode()
    again = Detector.restore("acme", DetectionSettings(), state, alarm)
    found = [again.observe(bucket) for bucket in buckets[cut:]]
    whole = watch(buckets[BEGIN:], after=ordinary(3))
    assert [outcome.detection for outcome in found] == whole.detections[cut:]
    assert [event for outcome in found for event in outcome.events] == [
        event for event in whole.events if event.time > to_rfc3339(START_MS + cut * BUCKET_MS)
    ]
