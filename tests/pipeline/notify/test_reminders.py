"""That an update is overdue: whom it is told, and when it is not."""

from __future__ import annotations

import pytest

from pipeline.notify.channels import Alertmanager, Channel, PagerDuty, Slack, Webhook
from pipeline.notify.line import STALE_MS, Result
from pipeline.notify.outbox import Outbox
from pipeline.notify.routing import NotifyPlan, Route
from pipeline.notify.stored import dump_outbox, load_outbox
from schemas.codec import decode, encode
from schemas.window import Level
from tests.pipeline.notify.lives import MINUTE_MS, NOON, QUIET, Life, at, world

REMINDER = ("communication_overdue", 2)


def test_a_channel_that_knows_of_the_crisis_is_reminded_each_time_once() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.tells_all("ops")
    for _ in range(2):
        told.reminds(minutes=60)
        told.reminds_again()
        told.tells_all("ops")
        told.crashes()
        told.reminds_again()
        told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), REMINDER, REMINDER]


def test_a_channel_that_has_not_heard_of_the_crisis_is_not_reminded() -> None:
    told = world("[budget]\nalerts = 1\n")
    for level in (2, 0, 2):
        told.happens(level, minutes=5)
        told.tells_all("ops")
    told.reminds(minutes=60)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), ("resolved", 0)]


def test_a_reminder_goes_behind_what_happens_before_it_is_told() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.reminds(minutes=1)
    told.happens(3, minutes=1)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), ("escalated", 3), REMINDER]


def test_a_receiver_that_does_not_take_a_reminder_delays_no_alarm() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.tells_all("ops")
    told.reminds(minutes=60)
    assert told.tells("ops", lambda _: "failed") == "failed"
    told.happens(3)
    assert told.tells("ops") == "ok"
    assert told.said("ops") == [("opened", 2), ("escalated", 3)]


def test_a_step_that_comes_while_a_reminder_is_told_does_not_replace_it() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.tells_all("ops")
    reminder = told.reminds(minutes=60)
    told.tells("ops", lambda _: str(told.happens(3)) and "ok")
    told.tells_all("ops")
    assert [step for step, _ in told.told["ops"]][1] is reminder
    assert told.said("ops") == [("opened", 2), REMINDER, ("escalated", 3)]


def test_a_newer_reminder_takes_the_place_of_an_older_one() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.reminds(minutes=5)
    newer = told.reminds(minutes=5)
    assert list(told.waits("ops"))[1:] == [newer]
    assert told.ended["ops"] == [Result.SUPERSEDED]


def test_the_end_of_the_crisis_makes_a_reminder_pointless() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.tells_all("ops")
    told.reminds(minutes=60)
    told.happens(0)
    told.tells_all("ops")
    told.reminds(minutes=1)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), ("resolved", 0)]


def test_in_quiet_hours_nobody_is_reminded_and_nothing_waits_for_the_morning() -> None:
    told = world(QUIET, now_ms=at("2026-03-27T20:00"))
    told.happens(2)
    told.tells_all("ops")
    told.reminds(minutes=120)
    told.passes(24 * 60)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2)]
    assert told.ended["ops"] == [Result.DELIVERED, Result.WITHHELD_QUIET]


def test_a_reminder_that_could_not_be_told_for_a_while_is_dropped_and_no_dead_letter() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.tells_all("ops")
    told.reminds(minutes=60)
    while told.now_ms <= told.reminded[-1][1].origin.appended_ms + STALE_MS:
        told.tells("ops", lambda _: "failed")
        told.passes(1)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2)]
    assert told.ended["ops"][-1] is Result.SUPERSEDED
    assert not told.dead


def test_a_reminder_that_is_read_long_after_it_was_published_is_not_told() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.tells_all("ops")
    told.reminds(minutes=60, age_ms=STALE_MS + 1)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2)]


def test_a_reminder_that_is_refused_for_good_leaves_what_the_channel_knows_as_it_was() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.tells_all("ops")
    told.reminds(minutes=60)
    before = told.outbox.line("ops").told
    assert told.tells("ops", lambda _: "refused") == "dead"
    assert told.outbox.line("ops").told is before
    assert told.outbox.line("ops").owed == ""


def test_a_level_that_the_budget_has_withheld_is_not_told_by_a_reminder() -> None:
    told = world("[budget]\nalerts = 1\n")
    told.happens(2, minutes=5)
    told.tells_all("ops")
    told.happens(3, minutes=5)
    told.tells_all("ops")
    told.reminds(minutes=5)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2)]
    assert told.ended["ops"] == [Result.DELIVERED, Result.WITHHELD_BUDGET, Result.WITHHELD_BUDGET]


def test_a_reminder_counts_in_no_budget() -> None:
    told = world("[budget]\nalerts = 2\n")
    told.happens(2, minutes=5)
    for _ in range(3):
        told.reminds(minutes=30)
        told.tells_all("ops")
    told.happens(3)
    told.tells_all("ops")
    assert told.said("ops")[-1] == ("escalated", 3)


def test_what_was_asked_for_again_is_told_whatever_has_happened_since() -> None:
    told = world()
    told.happens(2, minutes=5)
    told.tells_all("ops")
    reminder = told.reminds(minutes=60)
    told.happens(0)
    told.tells_all("ops")
    told.outbox.redrive(reminder, "ops", told.now_ms)
    told.crashes()
    told.passes(600)
    told.tells_all("ops")
    assert told.said("ops") == [("opened", 2), ("resolved", 0), REMINDER]
    assert told.outbox.line("ops").told is None


def test_state_of_before_there_were_reminders_is_read_as_it_was() -> None:
    told = world()
    told.happens(2, minutes=5)
    value = decode(dump_outbox(told.outbox))
    del value["reminded_ms"]
    for step in value["steps"]:
        del step["reminds"]
    assert load_outbox(encode(value)) == told.outbox
    assert load_outbox(dump_outbox(Outbox())) == Outbox()


CHANNELS: dict[str, Channel] = {
    "alerts": Alertmanager(name="alerts", url="http://x"),
    "pager": PagerDuty(name="pager", routing_key_file="key"),  # type: ignore[arg-type]
    "team": Slack(name="team", url_file="url"),  # type: ignore[arg-type]
    "desk": Webhook(name="desk", url="http://x", secret_file="secret"),  # type: ignore[arg-type]
}


def _reminded(level: int, *routes: Route) -> set[str]:
    life = Life()
    life.goes_to(level, NOON)
    return set(NotifyPlan(channels=CHANNELS, routes=routes).reminded(life.is_silent(NOON + MINUTE_MS), NOON))


def test_people_and_programs_are_reminded_and_what_pages_for_incidents_is_not() -> None:
    assert _reminded(2, Route(channels=tuple(CHANNELS))) == {"team", "desk"}


@pytest.mark.parametrize(("level", "reminded"), [(2, set()), (3, {"team"})])
def test_a_route_reminds_while_the_level_is_one_that_it_asks_for(level: int, reminded: set[str]) -> None:
    assert _reminded(level, Route(channels=("team",), min_level=Level.CRISIS)) == reminded


def test_a_route_may_ask_for_no_reminders_and_another_one_to_the_same_channel_for_them() -> None:
    silent, speaking = Route(channels=("team",), reminders=False), Route(channels=("team",), brands=("acme",))
    assert _reminded(2, silent) == set()
    assert _reminded(2, silent, speaking) == {"team"}
