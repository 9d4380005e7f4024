from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.detection import Alarm, Detector, UnknownDetectorState
from pipeline.settings import DetectionSettings
from schemas.codec import decode, encode
from schemas.crisis import CrisisEventType, Exemplar
from schemas.times import to_rfc3339
from schemas.window import Level
from tests.pipeline.detection.streams import DAY, HOUR, START_MS, Minute, closed, poisson, talk, watch

CALM, WATCH, ALERT, CRISIS, SEVERE = Level


def test_ordinary_talk_raises_no_alert() -> None:
    for rate, share in ((0.05, 0.3), (1.0, 0.2), (8.0, 0.5)):
        assert watch(closed(talk(Random(5), 4 * DAY, rate=rate, share=share))).highest() <= WATCH


def test_ten_times_the_mentions_with_the_usual_negativity_is_a_watch_and_no_more() -> None:
    rng = Random(6)
    minutes = [
        *talk(rng, 3 * DAY, rate=2.0, share=0.3),
        *talk(rng, 3 * HOUR, rate=20.0, share=0.28),
        *talk(rng, 6 * HOUR, rate=2.0, share=0.3),
    ]
    seen = watch(closed(minutes))
    assert seen.highest() is WATCH
    assert seen.levels()[3 * DAY + 20] is WATCH


def test_a_sudden_crisis_is_an_alert_within_the_quarter_and_one_crisis_from_start_to_end() -> None:
    rng = Random(7)
    minutes = [
        *talk(rng, 3 * DAY, rate=2.0, share=0.2),
        *talk(rng, 5 * HOUR, rate=12.0, share=0.75),
        *talk(rng, DAY, rate=2.0, share=0.2),
    ]
    seen = watch(closed(minutes))
    assert seen.highest(0, 3 * DAY) <= WATCH
    assert seen.highest(3 * DAY, 3 * DAY + 15) >= ALERT
    assert seen.highest() is SEVERE
    after = [event for event in seen.events if event.time > to_rfc3339(START_MS + 3 * DAY * 60_000)]
    assert len({event.crisis_id for event in after if event.peak_level >= ALERT}) == 1
    assert after[0].type is CrisisEventType.OPENED
    assert seen.detections[-1].level is CALM


def test_a_much_worse_share_is_an_alert_without_a_single_mention_more() -> None:
    rng = Random(8)
    seen = watch(closed(talk(rng, 4 * DAY, rate=1.0, share=0.4) + talk(rng, 10 * HOUR, rate=1.0, share=0.7)))
    assert seen.highest(0, 4 * DAY) <= WATCH
    assert seen.highest(4 * DAY, 4 * DAY + 6 * HOUR) >= ALERT
    strongest = seen.events[-1].evidence.signals[0]
    assert strongest.name == "negative_share"


def test_a_brand_whose_data_starts_in_its_crisis_is_said_to_be_learning_not_judged() -> None:
    rng = Random(9)
    seen = watch(closed(talk(rng, 20 * HOUR, rate=5.0, share=0.8)))
    assert seen.highest() <= WATCH
    assert seen.detections[-1].learning == pytest.approx(20 / 24, abs=0.01)


def test_a_crisis_does_not_teach_the_baseline_what_is_usual() -> None:
    rng = Random(10)
    seen = watch(closed(talk(rng, 5 * DAY, rate=2.0, share=0.2) + talk(rng, 2 * DAY, rate=6.0, share=0.75)))
    assert seen.detections[-1].level >= CRISIS
    assert seen.detections[-1].negative_share_expected < 0.3


def test_what_lasts_for_more_than_three_days_is_the_new_ordinary_in_the_end() -> None:
    rng = Random(11)
    seen = watch(closed(talk(rng, 4 * DAY, rate=2.0, share=0.2) + talk(rng, 6 * DAY, rate=4.0, share=0.5)))
    assert seen.highest() >= ALERT
    assert seen.detections[-1].level <= WATCH
    assert seen.detections[-1].negative_share_expected > 0.4


def test_minutes_that_were_not_observed_raise_nothing_and_teach_nothing() -> None:
    rng = Random(12)
    minutes = talk(rng, 2 * DAY, rate=2.0, share=0.2)
    lost = [Minute(volume=50, negative=50, observed=False) for _ in range(3 * HOUR)]
    seen = watch(closed(minutes + lost))
    known = watch(closed(minutes))
    assert seen.highest() is known.highest()
    assert len(seen.events) == len(known.events)
    assert {detection.score for detection in seen.detections[2 * DAY :]} == {0.0}
    first, last = seen.detections[2 * DAY], seen.detections[-1]
    assert (last.negative_share_expected, last.learning) == (first.negative_share_expected, first.learning)


def test_a_campaign_of_copies_is_no_crisis() -> None:
    rng = Random(13)
    spam = []
    for _ in range(3 * HOUR):
        copies = poisson(rng, 15.0)
        spam.append(Minute(volume=copies + 2, negative=copies, repeats=copies))
    assert watch(closed(talk(rng, 3 * DAY, rate=2.0, share=0.2) + spam)).highest() <= WATCH


def test_one_angry_author_is_no_crisis() -> None:
    rng = Random(14)
    angry = [Minute(volume=2, negative=2, authors=0) for _ in range(3 * HOUR)]
    assert watch(closed(talk(rng, 3 * DAY, rate=0.02, share=0.2) + angry)).highest() <= WATCH


def test_the_evidence_is_everything_needed_to_check_the_decision() -> None:
    rng = Random(15)
    calm = talk(rng, 3 * DAY, rate=1.0, share=0.2)
    crisis = talk(rng, HOUR, rate=10.0, share=0.8)
    for minute in calm:
        minute.phrases = {"flight": minute.volume} if minute.volume else {}
    for i, minute in enumerate(crisis):
        minute.phrases = {"flight": 1, "lost bag": minute.negative}
        minute.hashtags = {"fail": 2}
        minute.exemplars = (Exemplar(tweet_id=str(1000 + i), engagement=i),)
    seen = watch(closed(calm + crisis))
    event = next(event for event in seen.events if event.level >= CRISIS)
    evidence = event.evidence
    assert evidence.observed.volume > evidence.interval[1] > evidence.expected_volume > evidence.interval[0]
    assert evidence.negative_share == pytest.approx(evidence.observed.negative / evidence.observed.volume, rel=1e-5)
    assert evidence.negative_share_expected == pytest.approx(0.2, abs=0.05)
    assert evidence.score >= 6
    assert [signal.contribution for signal in evidence.signals] == sorted(
        (signal.contribution for signal in evidence.signals), reverse=True
    )
    assert evidence.concerns[0].phrase == "lost bag"
    assert evidence.hashtags == ("fail",)
    assert evidence.exemplars[0].engagement == max(one.engagement for one in evidence.exemplars)
    assert evidence.questions == evidence.observed.questions
    assert evidence.config_hash == DetectionSettings().fingerprint()
    assert evidence.learning == 1.0
    assert event.window_end == event.time


def tell(rng: Random, minute: Minute) -> Minute:
    minute.phrases = {f"word {rng.randrange(90)}": rng.randrange(1, 9) for _ in range(minute.volume)}
    minute.hashtags = {f"tag{rng.randrange(30)}": 1 for _ in range(minute.volume)}
    minute.exemplars = tuple(
        Exemplar(tweet_id=str(570306133677760000 + rng.randrange(10**9)), engagement=rng.randrange(99))
        for _ in range(min(3, minute.volume))
    )
    minute.observed = rng.random() > 0.002
    return minute


def eventful(seed: int) -> list[Minute]:
    """Ordinary talk with gaps, three hours of crisis, and some of what follows."""
    rng = Random(seed)
    minutes = [
        *talk(rng, 26 * HOUR, rate=1.0, share=0.2),
        *talk(rng, 3 * HOUR, rate=6.0, share=0.75),
        *talk(rng, 5 * HOUR, rate=1.0, share=0.1),
    ]
    return [tell(rng, minute) for minute in minutes]


BUCKETS = list(closed(eventful(16)))
WHOLE = watch(BUCKETS)


def again(detector: Detector) -> Detector:
    """Return what a restart makes of a detector and its alarm."""
    alarm = Alarm.restore("acme", DetectionSettings(), decode(encode(detector.alarm.state())))
    return Detector.restore("acme", DetectionSettings(), decode(encode(detector.state())), alarm)


@settings(max_examples=6)
@given(cuts=st.lists(st.integers(0, len(BUCKETS) - 1), min_size=1, max_size=40))
def test_a_restored_detector_goes_on_bit_for_bit(cuts: list[int]) -> None:
    detector, said = Detector("acme", DetectionSettings()), []
    for i, bucket in enumerate(BUCKETS):
        if i in cuts:
            detector = again(detector)
        said.append(detector.observe(bucket))
    assert encode([outcome.detection for outcome in said]) == encode(WHOLE.detections)
    assert encode([event for outcome in said for event in outcome.events]) == encode(WHOLE.events)
    assert encode(detector.state()) == encode(WHOLE.detector.state())


def test_the_stream_of_the_restarts_has_a_whole_crisis_in_it() -> None:
    assert {event.type for event in WHOLE.events} >= {
        CrisisEventType.OPENED,
        CrisisEventType.ESCALATED,
        CrisisEventType.UPDATED,
        CrisisEventType.DEESCALATED,
    }


def test_restarting_at_every_minute_changes_nothing() -> None:
    detector, said = Detector("acme", DetectionSettings()), []
    for bucket in BUCKETS[: DAY // 2]:
        detector = again(detector)
        said.append(detector.observe(bucket).detection)
    assert encode(said) == encode(WHOLE.detections[: DAY // 2])


def test_the_state_of_the_busiest_brand_fits_its_budget() -> None:
    rng, detector, largest = Random(17), Detector("acme", DetectionSettings()), 0
    minutes = [tell(rng, minute) for minute in talk(rng, DAY + 6 * HOUR, rate=60.0, share=0.4)]
    for i, bucket in enumerate(closed(minutes)):
        detector.observe(bucket)
        if i % 60 == 59:
            largest = max(largest, len(encode(detector.state())))
    assert largest <= 9 * 1024  # while it is calm; what is heard while it is not has a bound of its own


@pytest.mark.parametrize(
    "break_it",
    [
        lambda state: state.update(version=1),
        lambda state: state.update(version=5),
        lambda state: state.pop("version"),
        lambda state: state.pop("model"),
        lambda state: state.update(verdict=["x"]),
        lambda state: state["model"].update(volume=3),
        lambda state: state["model"]["volume"].update(season=[1.0]),
        lambda state: state.update(talk=[0]),
        lambda state: state.update(verdict=[float("1e300"), 0, 0, 0]),
        lambda state: state["model"].update(reach=[1.0, 0.0, 1.0]),
        lambda state: state["model"].update(negative=[2.0, 1.0, 1.0] + [0.0] * 6),
        lambda state: state["model"].update(pending=[[1.0, 1.0, 2.0, 1.0, 1.0]]),
        lambda state: state["model"].update(clock=[-1, 0, 0, 0, 0]),
        lambda state: state["talk"][0].__setitem__(2, [[""]]),
        lambda state: state["talk"][1].__setitem__(1, "0"),
    ],
)
def test_a_state_that_cannot_be_read_is_refused_with_one_clear_error(
    break_it: Callable[[Any], None],
) -> None:
    state = decode(encode(WHOLE.detector.state()))
    break_it(state)
    with pytest.raises(UnknownDetectorState, match="detector state of version"):
        Detector.restore("acme", DetectionSettings(), state)


def test_every_event_has_its_place_in_one_life() -> None:
    for crisis in {event.crisis_id for event in WHOLE.events}:
        of_it = [event for event in WHOLE.events if event.crisis_id == crisis]
        assert [event.sequence for event in of_it] == list(range(len(of_it)))
        assert len({event.id for event in of_it}) == len(of_it)
        assert len({event.opened_at for event in of_it}) == 1
