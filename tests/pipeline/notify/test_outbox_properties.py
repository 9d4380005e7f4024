from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from pipeline.erasure import named_ids
from pipeline.notify.line import Result
from pipeline.notify.outbox import LATE_MS
from pipeline.notify.step import Step
from pipeline.notify.stored import dump_outbox, load_outbox
from schemas.crisis import CrisisEvent
from schemas.reading import read_crisis
from schemas.window import Level
from tests.pipeline.notify.lives import QUIET, World, world

LEVELS = st.sampled_from([0, 1, 2, 2, 3, 3, 4])
ACTION = st.one_of(
    st.tuples(st.just("happens"), LEVELS, st.integers(0, 300), st.sampled_from([0, 0, 0, 2 * LATE_MS])),
    st.tuples(st.just("tells"), st.sampled_from(["ops", "night"]), st.sampled_from(["ok", "ok", "failed", "refused"])),
    st.tuples(st.just("passes"), st.integers(0, 300)),
    st.tuples(st.just("crashes")),
    st.tuples(st.just("repeats")),
    st.tuples(st.just("reminds"), st.integers(0, 60), st.sampled_from([0, 0, 0, 2 * LATE_MS])),
    st.tuples(st.just("reminds again")),
)
ACTIONS = st.lists(ACTION, max_size=60)
REDACTING = st.lists(ACTION | st.tuples(st.just("redacts"), st.integers(0, 30)), max_size=60)
CONFIGS = st.sampled_from(["", QUIET, "[budget]\nalerts = 2\nper_hours = 6\n", QUIET + "[budget]\nalerts = 1\n"])


def play(
    told: World, actions: list[tuple[object, ...]], *, answers: Collection[str] = ("ok", "failed", "refused")
) -> None:
    for kind, *with_ in actions:
        match kind, with_:
            case "happens", [int(level), int(minutes), int(age_ms)]:
                over = told.life.event is None or told.life.event.level == 0
                told.happens(max(level, 1) if over else level, minutes=minutes + 1, age_ms=age_ms)
            case "tells", [str(channel), str(answer)] if answer in answers:
                told.tells(channel, lambda _, answer=answer: answer)  # type: ignore[misc]
            case "passes", [int(minutes)]:
                told.passes(minutes)
            case "crashes", []:
                told.crashes()
            case "tells all", [str(channel)]:
                told.tells_all(channel)
            case ("reminds" | "is silent" | "reminds again") as what, _:
                remind(told, what, with_)
            case "redacts", [int(place)] if told.taken:
                told.redacts(told.taken[place % len(told.taken)], offset=1_000)
            case "repeats", [] if told.taken:
                event = told.life.event
                assert event is not None
                told.outbox.take(told.taken[-1], told.plan.addresses(event, told.now_ms), told.now_ms)


def remind(told: World, what: str, with_: list[object]) -> None:
    match what, with_:
        case "reminds", [int(minutes), int(age_ms)] if told.life.event is not None:
            told.reminds(minutes=minutes + 1, age_ms=age_ms)
        case "is silent", [int(minutes), int()] if told.life.event is not None:
            told.passes(minutes + 1)
        case "reminds again", [] if told.reminded:
            told.reminds_again()


def drain(told: World, channel: str) -> None:
    """Let a day pass, with a receiver that takes everything."""
    for _ in range(200):
        if told.tells(channel) == "nothing":
            due = told.outbox.line(channel).due_ms()
            if due is None:
                return
            told.now_ms = max(told.now_ms, due)
    raise AssertionError("it never ends")


@given(CONFIGS, ACTIONS)
def test_nothing_is_told_twice_once_acknowledged_and_all_in_order(
    config: str, actions: list[tuple[object, ...]]
) -> None:
    told = world(config)
    play(told, actions)
    for channel in ("ops", "night"):
        drain(told, channel)
        accepted = [step for step, _ in told.told.get(channel, [])]
        places = [step.position for step in accepted if not step.reminds]
        assert places == sorted(set(places))
        times = [step.origin.offset for step in accepted if step.reminds]
        assert times == sorted(set(times))


@given(CONFIGS, ACTIONS)
def test_reminders_change_nothing_of_what_else_is_told(config: str, actions: list[tuple[object, ...]]) -> None:
    all_told = [("tells all", action[1]) if action[0] == "tells" else action for action in actions]
    reminded, unreminded = world(config), world(config)
    play(reminded, all_told)
    play(unreminded, [("is silent", *action[1:]) if action[0] == "reminds" else action for action in all_told])
    for channel in ("ops", "night"):
        drain(reminded, channel)
        drain(unreminded, channel)
        found = [each for each in reminded.told.get(channel, []) if not each[0].reminds]
        assert [(step.event_id, at_ms) for step, at_ms in found] == [
            (step.event_id, at_ms) for step, at_ms in unreminded.told.get(channel, [])
        ]


@given(CONFIGS, ACTIONS)
def test_a_reminder_is_only_ever_of_a_crisis_and_a_level_that_the_channel_knows(
    config: str, actions: list[tuple[object, ...]]
) -> None:
    told = world(config)
    play(told, actions)
    for channel in ("ops", "night"):
        drain(told, channel)
        known: Step | None = None
        for step, _ in told.told.get(channel, []):
            if not step.reminds:
                known = step
            else:
                assert known is not None
                assert (known.crisis_id, known.ends) == (step.crisis_id, False)
                assert step.level <= known.level


@given(CONFIGS, ACTIONS)
def test_every_notification_ends_in_exactly_one_way(config: str, actions: list[tuple[object, ...]]) -> None:
    told = world(config)
    play(told, actions)
    for channel in ("ops", "night"):
        drain(told, channel)
        ended = Counter(told.ended.get(channel, []))
        assert ended[Result.DELIVERED] == len(told.told.get(channel, []))
        assert ended[Result.DEAD] == len(told.dead.get(channel, []))
        assert sum(ended.values()) <= len(told.taken) + len(told.reminded)


@given(CONFIGS, ACTIONS)
def test_the_budget_is_never_passed_but_by_level_4(config: str, actions: list[tuple[object, ...]]) -> None:
    told = world(config)
    play(told, actions)
    budget = told.plan.budget
    for channel in ("ops", "night"):
        drain(told, channel)
        tried = told.alarms.get(channel, [])
        for place, (moment_ms, level) in enumerate(tried):
            before = [other for other, _ in tried[:place] if moment_ms - other < budget.span_ms]
            assert level == Level.SEVERE or len(before) < budget.alerts


@given(CONFIGS, ACTIONS)
def test_a_crisis_is_first_heard_of_by_a_level_that_a_route_asks_for(
    config: str, actions: list[tuple[object, ...]]
) -> None:
    told = world(config)
    play(told, actions)
    for channel in ("ops", "night"):
        drain(told, channel)
        heard: set[str] = set()
        for step, _ in told.told.get(channel, []):
            assert step.crisis_id in heard or (step.level >= Level.ALERT and not step.reminds), step.name
            heard.add(step.crisis_id)


@given(ACTIONS)
def test_without_budget_and_quiet_hours_every_change_of_level_is_told(actions: list[tuple[object, ...]]) -> None:
    told = world("[budget]\nalerts = 1000\n")
    prompt = [action if action[0] != "happens" else (*action[:3], 0) for action in actions]
    play(told, prompt, answers=("ok", "failed"))
    for channel in ("ops", "night"):
        drain(told, channel)
        if told.dead.get(channel):
            continue  # given up after an hour of failures: not what this is about
        expected, heard = [], set()
        for step in told.taken:
            if step.crisis_id in heard or (step.level >= Level.ALERT and step.alarms):
                heard.add(step.crisis_id)
                expected.append(step)
        found = [step for step, _ in told.told.get(channel, []) if not step.reminds]
        assert [step for step in found if step.type != "updated"] == [
            step for step in expected if step.type != "updated"
        ]
        assert found == [step for step in expected if step in found]


@given(st.sampled_from(["", QUIET]), ACTIONS)
def test_in_the_end_a_channel_knows_how_things_are(config: str, actions: list[tuple[object, ...]]) -> None:
    told = world(config + "[budget]\nalerts = 1000\n")
    play(told, actions, answers=("ok", "failed"))
    for channel in ("ops", "night"):
        drain(told, channel)
        if told.dead.get(channel) or not told.taken:
            continue
        last, knows = told.taken[-1], told.outbox.line(channel).told
        if last.ends:
            assert knows is None
        elif last.level >= Level.ALERT:
            assert knows == last
        else:
            assert knows is None or knows == last or knows.crisis_id != last.crisis_id


@given(CONFIGS, ACTIONS)
def test_state_survives_its_stored_form(config: str, actions: list[tuple[object, ...]]) -> None:
    told = world(config)
    play(told, [action for action in actions if action[0] != "crashes"])
    for line in told.outbox.lines.values():
        line.under_way = None
    value = dump_outbox(told.outbox)
    again = load_outbox(value)
    assert dump_outbox(again) == value
    assert {name: line.pending for name, line in again.lines.items() if line.pending} == {
        name: line.pending for name, line in told.outbox.lines.items() if line.pending
    }


@given(CONFIGS, REDACTING)
def test_redactions_change_nothing_of_what_is_told_when(config: str, actions: list[tuple[object, ...]]) -> None:
    told, unredacted = world(config), world(config)
    play(told, actions)
    play(unredacted, [action for action in actions if action[0] != "redacts"])
    for channel in ("ops", "night"):
        drain(told, channel)
        drain(unredacted, channel)
        heard = [
            [(step.event_id, step.origin.appended_ms, at_ms) for step, at_ms in each.told.get(channel, [])]
            for each in (told, unredacted)
        ]
        assert heard[0] == heard[1]
    assert told.ended == unredacted.ended


@given(CONFIGS, REDACTING, st.data())
def test_what_a_redacted_event_named_is_neither_kept_nor_told(
    config: str, actions: list[tuple[object, ...]], data: st.DataObject
) -> None:
    told = world(config)
    play(told, actions)
    told.crashes()
    if not told.taken:
        return
    gone = data.draw(st.lists(st.sampled_from(told.taken)))
    named = {each for step in gone for each in named_ids(read_of(step))}
    for at, step in enumerate(gone):
        told.redacts(step, offset=2_000 + at)
    kept = dump_outbox(told.outbox).decode()
    assert not [each for each in named if each in kept]
    before = {channel: len(steps) for channel, steps in told.told.items()}
    for channel in ("ops", "night"):
        drain(told, channel)
        after = [step for step, _ in told.told.get(channel, [])[before.get(channel, 0) :]]
        assert not named & {each for step in after if not step.reminds for each in named_ids(read_of(step))}


def read_of(step: Step) -> CrisisEvent:
    return read_crisis(step.payload.encode())
