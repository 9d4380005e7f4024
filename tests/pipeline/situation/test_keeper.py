"""When situations are told, and what they say of the course of a crisis."""

from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from pipeline.compression import deflate, inflate
from pipeline.playbook import Check
from pipeline.situation.keeper import SituationKeeper, joined, parted
from pipeline.statevalue import DAMAGE
from schemas.codec import decode, encode
from schemas.crisis import CrisisEvent
from schemas.feedback import DismissReason, FeedbackHeld, FeedbackVerdict
from schemas.ids import overdue_id, situation_id
from schemas.mention import Mention
from schemas.reading import read_crisis_record
from schemas.situation import CommunicationOverdue, DutyStatus, Situation
from schemas.times import to_rfc3339
from schemas.tone import ToneIssue
from schemas.window import Level
from tests.pipeline.logs import MINUTE_MS, START_MS, mention
from tests.pipeline.situation.brand import Brand, action, answer, concern, question, settings, shuffled, update

CALM, WATCH, ALERT, CRISIS, SEVERE = Level


def times(told: list[Situation | CommunicationOverdue]) -> list[tuple[str, int]]:
    """Return what was told, and in which minute."""
    return [(each.type, minute_of(each.time)) for each in told]


def minute_of(time: str) -> int:
    return next(n for n in range(3000) if to_rfc3339(START_MS + n * MINUTE_MS) == time)


# -- when --------------------------------------------------------------------------------------------


def test_calm_and_watch_tell_nothing_and_ask_the_detector_nothing() -> None:
    brand = Brand()
    brand.run(3, CALM)
    brand.run(300, WATCH)
    brand.run(2, CALM)

    assert brand.told == []
    assert brand.asked_for_brief == 0


def test_the_first_is_told_at_the_alert_then_one_an_interval_of_the_level_and_one_at_the_end() -> None:
    brand = Brand()
    brand.run(5, WATCH)
    brand.run(70, ALERT)
    brand.run(35, CRISIS)
    brand.run(40, WATCH)
    brand.run(1, CALM)

    situations = [(minute_of(s.time), s.level, s.final) for s in brand.situations()]
    assert situations == [
        (6, ALERT, False),
        (66, ALERT, False),
        (76, CRISIS, False),
        (106, CRISIS, False),
        (151, CALM, True),
    ]
    assert [s.sequence for s in brand.situations()] == [0, 1, 2, 3, 4]
    assert [s.id for s in brand.situations()] == [situation_id(s.crisis_id, s.sequence) for s in brand.situations()]
    assert {s.opened_at for s in brand.situations()} == {to_rfc3339(START_MS + MINUTE_MS)}
    assert {s.alerted_at for s in brand.situations()} == {to_rfc3339(START_MS + 6 * MINUTE_MS)}
    assert [s.peak_level for s in brand.situations()][-1] is CRISIS


def test_another_crisis_begins_with_situation_0_and_counts_anew() -> None:
    brand = Brand()
    brand.close(ALERT, [mention()])
    brand.close(CALM)
    brand.close(ALERT, [mention(), mention()])

    assert [(s.sequence, s.mentions, s.final) for s in brand.situations()] == [
        (0, 1, False),
        (1, 1, True),
        (0, 2, False),
    ]


def test_minutes_that_were_not_observed_tell_nothing_and_what_was_due_comes_once_after_them() -> None:
    brand = Brand()
    brand.close(ALERT)
    assert brand.run(200, ALERT, observed=False) == []

    told = brand.run(10, ALERT)

    assert times(told) == [("situation", 202), ("communication_overdue", 202)]
    assert isinstance(told[1], CommunicationOverdue)
    assert told[1].missed == 3


# -- what --------------------------------------------------------------------------------------------


def test_a_situation_says_what_changed_since_the_one_before() -> None:
    brand = Brand()
    brand.brief = replace(brand.brief, concerns=(concern("lost bag"), concern("delay")))
    brand.close(ALERT, [mention(reach=5)])
    brand.brief = replace(brand.brief, concerns=(concern("delay"), concern("refund")))
    brand.close(CRISIS, [mention(reach=7), mention(reach=1)])

    first, second = brand.situations()
    assert (first.previous_at, first.previous_level, first.concerns_new, first.concerns_gone) == (None, None, (), ())
    assert (second.previous_at, second.previous_level) == (first.time, ALERT)
    assert (second.concerns_new, second.concerns_gone) == (("refund",), ("lost bag",))
    assert (second.mentions, second.reach) == (3, 13)
    figures = {figure.name: figure for figure in second.figures}
    assert (figures["mentions"].before, figures["mentions"].now, figures["mentions"].usual) == (1.0, 2.0, 10.0)
    assert (figures["mentions"].low, figures["mentions"].high) == (4.0, 20.0)
    assert {figure.before for figure in first.figures} == {None}


def test_recovery_says_when_it_would_end_if_it_stayed_calm() -> None:
    brand = Brand()
    brand.brief = replace(brand.brief, calm_minutes=60, calm_minutes_needed=360, calm_below=2.5)
    brand.close(ALERT)
    brand.close(CALM)

    now, end = brand.situations()
    assert now.recovery.earliest_end == to_rfc3339(brand.now_ms + (300 - 1) * MINUTE_MS)
    assert (now.recovery.score, now.recovery.calm_below) == (1.5, 2.5)
    assert end.recovery.earliest_end is None


def test_whatever_is_told_can_be_read_again() -> None:
    brand = Brand()
    brand.close(WATCH, [question(1, 5), update(2, 9, tone=(ToneIssue.SHOUTING,), phrases=("lost bag",))])
    brand.run(130, ALERT)
    brand.close(CALM)

    assert len(brand.told) == 6
    assert [read_crisis_record(encode(each)) for each in brand.told] == brand.told


# -- overdue -----------------------------------------------------------------------------------------


def test_an_update_is_overdue_an_interval_after_the_alert_and_again_at_each_further_one() -> None:
    brand = Brand()
    overdue = [each for each in brand.run(130, ALERT) if isinstance(each, CommunicationOverdue)]

    assert [(minute_of(o.time), o.missed, minute_of(o.due_at)) for o in overdue] == [(61, 1, 61), (121, 2, 61)]
    assert overdue[0].id == overdue_id(overdue[0].crisis_id, START_MS + 61 * MINUTE_MS)
    assert (overdue[0].interval_minutes, overdue[0].last_update_at) == (60, None)


def test_an_update_in_the_last_minute_is_in_time_and_starts_the_interval_anew() -> None:
    brand = Brand()
    brand.run(60, ALERT)
    brand.close(ALERT, [update(1, 60 * 60 + 59)])
    told = brand.run(60, ALERT)

    assert [(kind, minute) for kind, minute in times(told) if kind != "situation"] == [("communication_overdue", 121)]


def test_a_reply_and_a_retweet_are_no_updates_but_going_on_below_an_own_update_is_one() -> None:
    brand = Brand()
    brand.close(WATCH, [update(1, 1)])
    brand.close(ALERT)
    brand.run(29, ALERT)
    brand.close(ALERT, [answer(2, 31 * 60, to="77"), update(3, 31 * 60, kind=mention_kind("retweet"))])
    assert brand.situations()[0].voice.last_update_at == to_rfc3339(START_MS + 1000)

    brand.close(ALERT, [answer(4, 32 * 60, to="1"), answer(5, 32 * 60 + 1, to="4")])
    assert [kind for kind, _ in times(brand.run(58, ALERT))] == ["situation"]
    voice = brand.situations()[-1].voice
    assert (voice.updates, voice.answers) == (3, 1)
    assert voice.last_update_at == to_rfc3339(START_MS + (32 * 60 + 1) * 1000)


def mention_kind(name: str) -> object:
    return type(mention().kind)(name)


def test_the_interval_is_that_of_the_level_now() -> None:
    brand = Brand()
    brand.run(40, ALERT)
    told = [each for each in brand.run(40, CRISIS) if isinstance(each, CommunicationOverdue)]

    assert [(minute_of(o.time), o.missed, o.interval_minutes) for o in told] == [(41, 1, 30), (71, 2, 30)]


def test_a_crisis_that_fell_below_alert_gives_the_brand_its_time_anew() -> None:
    brand = Brand()
    brand.run(10, ALERT)
    brand.run(100, WATCH)
    told = brand.run(61, ALERT)

    assert [minute for kind, minute in times(told) if kind == "communication_overdue"] == [171]


def test_while_it_is_snoozed_nothing_is_overdue_and_afterwards_it_is_said_once() -> None:
    brand = Brand()
    brand.close(ALERT)
    until = START_MS + 150 * MINUTE_MS
    told = brand.run(200, ALERT, snoozed_until_ms=until)

    assert [minute for kind, minute in times(told) if kind == "communication_overdue"] == [150]
    assert brand.situations()[-1].snoozed_until == to_rfc3339(until)


# -- duties ------------------------------------------------------------------------------------------


def duties(brand: Brand) -> dict[str, tuple[DutyStatus, str | None, str | None]]:
    return {duty.id.split("-")[0]: (duty.status, duty.due_at, duty.done_at) for duty in brand.situations()[-1].duties}


def at(minute: int, seconds: int = 0) -> str:
    return to_rfc3339(START_MS + minute * MINUTE_MS + seconds * 1000)


def test_what_nobody_did_becomes_late_and_is_listed_first() -> None:
    brand = Brand()
    brand.close(ALERT, [question(1, 30)])
    due = (DutyStatus.DUE, at(31), None)
    assert duties(brand) == {
        "acknowledged": due,
        "verified": due,
        "answered": due,
        "by_hand": (DutyStatus.BY_HAND, at(31), None),
        "updated": (DutyStatus.DUE, at(61), None),
        "tone": (DutyStatus.DUE, None, None),
    }

    brand.run(60, ALERT)
    statuses = [duty.status for duty in brand.situations()[-1].duties]
    assert statuses == [DutyStatus.LATE] * 4 + [DutyStatus.BY_HAND, DutyStatus.DUE]


def test_what_was_done_is_done_at_the_time_of_the_post() -> None:
    brand = Brand()
    brand.close(ALERT, [question(1, 30), update(8, 40)])
    brand.close(ALERT, [update(2, 70), answer(3, 100, to="1")])
    brand.run(59, ALERT, confirmed=True)

    found = duties(brand)
    assert found["acknowledged"] == (DutyStatus.DONE, at(31), at(0, 70)), "not by what was said before the alert"
    assert found["answered"] == (DutyStatus.DONE, None, at(0, 100))
    assert found["verified"] == (DutyStatus.DONE, at(31), at(3))
    assert found["updated"] == (DutyStatus.DONE, at(61, 10), at(0, 70))
    assert found["tone"][0] is DutyStatus.DONE


def test_a_post_off_tone_makes_its_duty_late_and_is_shown_with_its_reason() -> None:
    brand = Brand()
    brand.close(ALERT, [update(5, 10, tone=(ToneIssue.SARCASM,))])

    assert duties(brand)["tone"][:2] == (DutyStatus.LATE, None), "it has no hour"
    (post,) = brand.situations()[0].voice.posts
    assert (post.tweet_id, post.tone, post.reply) == ("5", (ToneIssue.SARCASM,), False)


def test_a_duty_of_a_level_is_asked_for_from_that_level_on_and_counts_from_when_it_was_reached() -> None:
    brand = Brand(settings(action(Check.ACKNOWLEDGED), action(Check.BY_HAND, level=CRISIS)))
    brand.run(9, ALERT)
    assert [duty.id for duty in brand.situations()[-1].duties] == ["acknowledged-2"]
    brand.close(SEVERE)
    assert {duty.id: duty.due_at for duty in brand.situations()[-1].duties} == {
        "acknowledged-2": at(31),
        "by_hand-3": at(40),
    }
    brand.close(ALERT, [update(7, 650)])
    brand.close(CALM)
    assert len(brand.situations()[-1].duties) == 2, "the last says what was asked for at the peak"


def test_the_last_says_what_was_done_and_what_was_missed_and_nothing_is_due_any_more() -> None:
    brand = Brand()
    brand.run(20, ALERT)
    brand.close(CALM)
    assert list(duties(brand)) == ["by_hand", "answered"], "nobody was silent for too long, and nobody spoke"

    brand = Brand()
    brand.run(20, ALERT)
    brand.close(ALERT, [update(2, 1210)])
    brand.close(CALM)
    assert {name: status for name, (status, _, _) in duties(brand).items()} == {
        "by_hand": DutyStatus.BY_HAND,
        "acknowledged": DutyStatus.DONE,
        "answered": DutyStatus.DONE,
        "updated": DutyStatus.DONE,
        "tone": DutyStatus.DONE,
    }


def test_at_the_end_updates_are_late_when_the_last_that_was_said_of_them_is_that_one_is_overdue() -> None:
    brand = Brand(settings(action(Check.UPDATED)))
    brand.close(ALERT)
    brand.close(ALERT, [update(2, 70)])
    brand.run(200, ALERT)
    brand.run(30, WATCH)
    brand.close(CALM)
    assert duties(brand) == {"updated": (DutyStatus.LATE, at(61, 10), None)}

    brand = Brand(settings(action(Check.UPDATED)))
    brand.run(200, ALERT)
    brand.close(WATCH, [update(2, 200 * 60 + 5)])
    brand.close(CALM)
    assert duties(brand) == {"updated": (DutyStatus.DONE, None, at(200, 5))}


def dismissal() -> CrisisEvent:
    """Return as much of a step that a dismissal led to as a keeper looks at."""
    held = FeedbackHeld(id="1", verdict=FeedbackVerdict.DISMISS, reason=DismissReason.COPIES, held_from=at(9))
    return cast("CrisisEvent", SimpleNamespace(feedback=held))


def test_of_a_crisis_that_was_dismissed_nothing_was_missed() -> None:
    brand = Brand()
    brand.run(300, ALERT)
    brand.close(CALM, steps=[dismissal()])

    last = brand.situations()[-1]
    assert last.dismissed
    assert [duty.status for duty in last.duties if duty.status is not DutyStatus.BY_HAND] == [DutyStatus.DONE] * 2


def test_a_brand_of_which_no_own_account_is_known_is_not_called_silent() -> None:
    brand = Brand()
    brand.close(ALERT, [question(1, 30)], heard=False)
    brand.run(200, ALERT, heard=False)
    brand.close(CALM, heard=False)

    assert {each.type for each in brand.told} == {"situation"}
    for told in brand.situations():
        assert (told.voice.update_due_at, told.voice.overdue, told.playbook_hash) == (None, False, "made up")
        by_hand = {duty.id for duty in told.duties if duty.status is DutyStatus.BY_HAND}
        assert by_hand == {"acknowledged-2", "updated-2", "answered-2", "tone-2", "by_hand-2"}


def test_what_was_put_off_is_not_any_more_when_it_is_over() -> None:
    brand = Brand()
    brand.close(ALERT, snoozed_until_ms=START_MS + 90 * MINUTE_MS)
    brand.close(CALM)

    assert [s.snoozed_until is None for s in brand.situations()] == [False, True]


# -- the state ---------------------------------------------------------------------------------------


def life(rng: Random) -> list[tuple[Level, bool, list[Mention]]]:
    """Return minutes with whatever may happen in them."""
    minutes, level = [], CALM
    ids = [str(n) for n in range(1, 40)]
    for minute in range(rng.randint(10, 90)):
        if rng.random() < 0.08:
            level = rng.choice(list(Level))
        found: list[Mention] = []
        for _ in range(rng.choice((0, 0, 1, 3, 40 if rng.random() < 0.1 else 2))):
            at_s, tweet_id = minute * 60 + rng.randrange(60), rng.choice(ids)
            thread = rng.choice((None, tweet_id, rng.choice(ids)))
            words = tuple(rng.sample(["lost bag", "refund", "delay", "café", "\ud800", ""], 2))
            asked = question(tweet_id, at_s, conversation_id=thread, phrases=words, author=rng.randrange(50))
            said = update(int(tweet_id), at_s, phrases=words, tone=rng.choice(((), (ToneIssue.INSULT,))))
            answered = answer(int(tweet_id), at_s, thread=thread, to=rng.choice((None, *ids)))
            found.append(rng.choice((asked, said, answered)))
        minutes.append((level, rng.random() > 0.05, found))
    return minutes


def lived(minutes: list[tuple[Level, bool, list[Mention]]], rng: Random | None = None) -> tuple[list[bytes], bytes]:
    """Return what is told of minutes; with restarts and in another order of arrival when there is chance."""
    brand = Brand()
    brand.brief = replace(brand.brief, concerns=(concern("lost bag", "bag"), concern("refund")))
    for level, observed, mentions in minutes:
        brand.close(level, shuffled(rng, mentions) if rng else mentions, observed=observed)
        if rng and rng.random() < 0.2:
            brand.restart()
    return [encode(each) for each in brand.told], brand.keeper.state()


@effort(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_neither_the_order_of_arrival_nor_restarts_change_what_is_told(seed: int) -> None:
    rng = Random(seed)
    minutes = life(rng)

    assert lived(minutes, rng) == lived(minutes)


@effort(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_a_question_is_answered_by_a_later_reply_only_and_what_is_told_adds_up(seed: int) -> None:
    brand = Brand()
    for level, observed, mentions in life(Random(seed)):
        brand.close(level, mentions, observed=observed)
        for _weight, asked in brand.keeper._pool.questions():
            assert not asked.answered_ms or asked.answered_ms > asked.time_ms
    for told in brand.situations():
        assert told.questions.asked == told.questions.answered + told.questions.waiting
        assert sum(group.waiting for group in told.questions.groups) == pytest.approx(told.questions.waiting, abs=6)
        assert len(told.voice.posts) <= 10
        assert [post.time for post in told.voice.posts] == sorted((p.time for p in told.voice.posts), reverse=True)
    by_crisis: dict[str, list[int]] = {}
    for told in brand.situations():
        by_crisis.setdefault(told.crisis_id, []).append(told.sequence)
    assert all(sequences == list(range(len(sequences))) for sequences in by_crisis.values())


@effort(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_state_is_refused_or_goes_on_and_what_is_written_then_is_read_again(seed: int) -> None:
    rng = Random(seed)
    brand = Brand()
    minutes = life(rng)
    for level, observed, mentions in minutes:
        brand.close(level, mentions, observed=observed)
    keeper = damaged(rng, brand) if brand.keeper.state() else None
    if keeper is None:
        return
    brand.keeper = keeper
    for level, observed, mentions in minutes[:60]:
        brand.close(level, mentions, observed=observed)
    brand.restart()


def damaged(rng: Random, brand: Brand) -> SituationKeeper | None:
    """Return a keeper whose state was changed somewhere, if it accepts that."""
    state = [decode(inflate(part, 1 << 17)) for part in parted(brand.keeper.state())]
    inside: Any = state
    path: list[tuple[Any, Any]] = []
    while isinstance(inside, (dict, list)) and inside:
        key = rng.choice(list(inside) if isinstance(inside, dict) else range(len(inside)))
        path.append((inside, key))
        inside = inside[key]
    container, key = rng.choice(path)
    container[key] = rng.choice((None, -1, 0, 1, 1.5, "x", [], {}, True, 2**40, 2**53 - 2, 2**63 - 1, 1e300))
    try:
        return SituationKeeper.restore(brand.settings, joined(*(deflate(encode(part)) for part in state)))
    except DAMAGE:
        return None


def test_a_calm_brand_of_which_nobody_asks_anything_has_no_state() -> None:
    brand = Brand()
    brand.run(5, CALM, mentions=[mention()])
    assert brand.keeper.state() == b""


def test_a_course_that_was_lost_goes_on_with_numbers_that_were_not_used() -> None:
    brand = Brand()
    brand.run(130, ALERT)
    used = {each.id for each in brand.told}
    brand.keeper = SituationKeeper(brand.settings)
    brand.keeper.resume(brand._standing(ALERT, {}), brand.now_ms)

    again = brand.run(61, ALERT)

    assert times(again) == [("situation", 131), ("communication_overdue", 190), ("situation", 191)]
    assert not used & {each.id for each in again}
    assert isinstance(again[0], Situation)
    assert again[0].alerted_at == to_rfc3339(START_MS + MINUTE_MS)
