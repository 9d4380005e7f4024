"""What each receiver gets."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from agents.notify.sinks import NotNow, Undeliverable, make_sink
from agents.notify.sinks.alertmanager import AlertmanagerSink
from agents.notify.sinks.pagerduty import PagerDutySink
from agents.notify.sinks.slack import SlackSink
from agents.track import _crisis_record
from pipeline.notify.channels import Alertmanager, Channel, PagerDuty, Slack, Webhook
from schemas import CommunicationOverdue, Concern, CrisisEvent, CrisisEventType, Exemplar, Level
from schemas.codec import decode, encode
from schemas.feedback import FeedbackHeld, FeedbackVerdict
from schemas.times import from_rfc3339, to_rfc3339
from tests.agents.notify.receivers import Call, Http, http
from tests.agents.notify.sinks import CASES, NOW, SECRET, Case, notification, written
from tests.pipeline.notify.crises import crises, overdue, reminders, step
from tests.schemas.events import CRISIS

OPENED = step(CrisisEventType.OPENED)
ESCALATED = step(CrisisEventType.ESCALATED, level=Level.CRISIS, previous=Level.ALERT, sequence=1)
UPDATED = step(CrisisEventType.UPDATED, level=Level.ALERT, previous=Level.ALERT, sequence=2)
RESOLVED = step(
    CrisisEventType.RESOLVED, level=Level.CALM, previous=Level.ALERT, sequence=3, time="2026-03-02T18:00:00Z"
)
HOURS_LATER = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def receiver() -> AsyncIterator[Http]:
    async with http() as served:
        yield served


async def delivered(
    channel: Channel,
    event: CrisisEvent | CommunicationOverdue,
    served: Http,
    session: aiohttp.ClientSession,
    now: datetime = NOW,
) -> Call:
    """Deliver an event and return the one call that came."""
    served.calls.clear()
    await make_sink(channel).deliver(session, notification(event), now=now)
    [call] = served.calls
    return call


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
async def test_a_notification_that_is_taken_is_one_post_of_json(
    case: Case, tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    receiver.status = case.accepted
    call = await delivered(case.channel(tmp_path, receiver.url), OPENED, receiver, session)
    assert call.method == "POST"
    assert call.headers["Content-Type"] == "application/json"
    assert decode(call.body)


def test_only_alertmanager_forgets_what_it_is_not_told_again(tmp_path: Path) -> None:
    repeating = [case.kind for case in CASES if make_sink(case.channel(tmp_path, "http://x")).repeats]
    assert repeating == ["alertmanager"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
async def test_a_reminder_is_nothing_to_a_receiver_of_incidents(
    case: Case, tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    receiver.status = case.accepted
    await make_sink(case.channel(tmp_path, receiver.url)).deliver(session, notification(overdue()), now=NOW)
    assert len(receiver.calls) == (case.kind in ("slack", "webhook"))


# Alertmanager


async def test_an_alert_has_the_same_labels_from_opening_to_resolve(
    session: aiohttp.ClientSession, receiver: Http
) -> None:
    channel = Alertmanager(name="ops", url=f"{receiver.url}/behind/a/proxy/")
    alerts = []
    for event in (OPENED, ESCALATED, UPDATED, RESOLVED):
        call = await delivered(channel, event, receiver, session)
        assert call.path == "/behind/a/proxy/api/v2/alerts"
        [alert] = decode(call.body)
        alerts.append(alert)
    labels = {"alertname": "VigieCrisis", "source": "vigie", "brand": "acme", "crisis_id": CRISIS.crisis_id}
    assert [alert["labels"] for alert in alerts] == 4 * [labels]
    assert [alert["annotations"]["level"] for alert in alerts] == ["2", "3", "2", "0"]
    assert alerts[1]["annotations"]["summary"] == "acme: escalated from alert to crisis"
    assert "about 5 were expected" in alerts[1]["annotations"]["description"]
    assert alerts[1]["annotations"]["tweets"] == "https://x.com/i/web/status/1"


async def test_an_open_alert_outlives_a_notify_agent_that_is_down_for_most_of_an_hour(
    session: aiohttp.ClientSession, receiver: Http
) -> None:
    channel = Alertmanager(name="ops", url=receiver.url)
    [alert] = decode((await delivered(channel, ESCALATED, receiver, session, HOURS_LATER)).body)
    assert alert["startsAt"] == OPENED.time
    assert alert["endsAt"] == "2026-03-02T21:00:00Z"


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (HOURS_LATER, "2026-03-02T18:00:00Z"),
        # Just decided, or decided ahead of our clock: as far back as Alertmanager's clock may be.
        (datetime(2026, 3, 2, 18, 0, 1, tzinfo=UTC), "2026-03-02T17:59:01Z"),
        (datetime(2026, 3, 2, 17, 0, tzinfo=UTC), "2026-03-02T16:59:00Z"),
    ],
)
async def test_a_resolved_alert_has_ended_by_any_clock(
    now: datetime, ends: str, session: aiohttp.ClientSession, receiver: Http
) -> None:
    channel = Alertmanager(name="ops", url=receiver.url)
    [alert] = decode((await delivered(channel, RESOLVED, receiver, session, now)).body)
    assert (alert["startsAt"], alert["endsAt"]) == (OPENED.time, ends)


# PagerDuty


async def test_every_step_triggers_the_same_alert_and_the_last_resolves_it(
    tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    receiver.status = 202
    channel = PagerDuty(name="ops", url=f"{receiver.url}/v2/enqueue", routing_key_file=written(tmp_path, SECRET))
    messages = [
        decode((await delivered(channel, event, receiver, session)).body)
        for event in (OPENED, ESCALATED, UPDATED, RESOLVED)
    ]
    assert {(each["routing_key"], each["dedup_key"]) for each in messages} == {(SECRET, CRISIS.crisis_id)}
    assert [each["event_action"] for each in messages] == ["trigger", "trigger", "trigger", "resolve"]
    payload = messages[1]["payload"]
    assert payload["summary"] == "acme: escalated from alert to crisis"
    assert (payload["severity"], payload["source"], payload["component"]) == ("error", "vigie", "acme")
    assert payload["custom_details"]["mentions"] == 12
    assert payload["custom_details"]["mentions_expected"] == 5.0
    assert messages[1]["links"] == [{"href": "https://x.com/i/web/status/1", "text": "1"}]


@pytest.mark.parametrize(
    ("level", "severity"),
    [(Level.WATCH, "info"), (Level.ALERT, "warning"), (Level.CRISIS, "error"), (Level.SEVERE, "critical")],
)
async def test_a_level_has_its_severity(
    level: Level, severity: str, tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    receiver.status = 202
    channel = PagerDuty(name="ops", url=receiver.url, routing_key_file=written(tmp_path, SECRET))
    message = decode((await delivered(channel, replace(OPENED, level=level), receiver, session)).body)
    assert message["payload"]["severity"] == severity


# Slack


def _slack(folder: Path, receiver: Http) -> Slack:
    return Slack(name="team", url_file=written(folder, f"{receiver.url}/services/{SECRET}"))


async def test_a_message_says_what_happened_and_links_to_tweets(
    tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    message = decode((await delivered(_slack(tmp_path, receiver), OPENED, receiver, session)).body)
    assert message["text"] == "acme is no longer calm: alert"
    texts = [block["text"]["text"] for block in message["blocks"]]
    assert texts[0] == "*acme is no longer calm: alert*"
    assert "12 mentions in the last hour, by about 11 people; about 5 were expected." in texts
    assert texts[-1] == "Tweets to read: <https://x.com/i/web/status/1|1>"
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)


async def test_an_update_is_short(tmp_path: Path, session: aiohttp.ClientSession, receiver: Http) -> None:
    [block] = decode((await delivered(_slack(tmp_path, receiver), UPDATED, receiver, session)).body)["blocks"]
    assert block["text"]["text"].splitlines() == [
        "*acme: still alert*",
        "12 mentions in the last hour, by about 11 people; about 5 were expected.",
        "7 were negative, which is 58\N{NO-BREAK SPACE}%; usual is 30\N{NO-BREAK SPACE}%.",
    ]


async def test_an_update_says_what_people_made_of_the_crisis(
    tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    held = FeedbackHeld(id="1", verdict=FeedbackVerdict.CONFIRM, by="<!here>", held_from=CRISIS.time)
    event = replace(UPDATED, feedback=held)
    [block] = decode((await delivered(_slack(tmp_path, receiver), event, receiver, session)).body)["blocks"]
    assert block["text"]["text"].splitlines()[:2] == [
        "*acme: confirmed as a crisis (alert)*",
        "Said by &lt;!here&gt;.",
    ]


async def test_a_reminder_says_what_is_asked_for(
    tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    event = replace(overdue(), silent_on=("<!channel>",))
    message = decode((await delivered(_slack(tmp_path, receiver), event, receiver, session)).body)
    assert message["text"] == "acme: an update is overdue (alert)"
    texts = [block["text"]["text"] for block in message["blocks"]]
    assert texts[0] == "*acme: an update is overdue (alert)*"
    assert "No update speaks to: “&lt;!channel&gt;”." in texts


async def test_nothing_that_people_wrote_becomes_a_mention_or_a_link(
    tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    concerns = (Concern(phrase="<!channel> <https://evil.example|refund> &lt;", count=1, share=0.5, usual_share=0.0),)
    evidence = replace(CRISIS.evidence, concerns=concerns, exemplars=(Exemplar(tweet_id="1|<!here>", engagement=1),))
    event = replace(OPENED, brand="<@U0>", evidence=evidence)
    message = decode((await delivered(_slack(tmp_path, receiver), event, receiver, session)).body)
    assert message["text"].startswith("&lt;@U0&gt; is no longer calm")
    said = "\n".join(block["text"]["text"] for block in message["blocks"])
    assert "“&lt;!channel&gt; &lt;https://evil.example|refund&gt; &amp;lt;”" in said
    assert not re.search("[<>]", said)
    assert all(block["text"]["verbatim"] for block in message["blocks"])


async def test_a_text_that_is_too_long_for_a_block_is_cut_between_two_characters(
    tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    concerns = tuple(Concern(phrase=80 * sign, count=1, share=1e300, usual_share=1e300) for sign in "<>&")
    event = replace(OPENED, evidence=replace(CRISIS.evidence, concerns=concerns))
    message = decode((await delivered(_slack(tmp_path, receiver), event, receiver, session)).body)
    [cut] = [text for block in message["blocks"] if (text := block["text"]["text"]).endswith("…")]
    assert cut.startswith("What people talk about: “&lt;&lt;")
    _check_message(message)


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (200, "invalid_payload", Undeliverable),
        (400, "invalid_payload", Undeliverable),
        (403, "action_prohibited", Undeliverable),
        (404, "channel_not_found", Undeliverable),
        (404, "no_service", Undeliverable),
        (410, "channel_is_archived", Undeliverable),
        (200, "<html>Sign in to the hotel's network</html>", NotNow),
        (200, "", NotNow),
        (200, "ok, but not really", NotNow),
        (429, "rate_limited", NotNow),
        (500, "rollup_error", NotNow),
    ],
)
async def test_slack_says_in_one_word_whether_to_try_again(
    status: int, word: str, kind: type[Exception], tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    receiver.status, receiver.text = status, word
    with pytest.raises((NotNow, Undeliverable)) as caught:
        await delivered(_slack(tmp_path, receiver), OPENED, receiver, session)
    assert isinstance(caught.value, kind)
    if kind is Undeliverable:
        assert word in str(caught.value)


# The webhook


@pytest.mark.parametrize(
    ("secret", "verified_with"),
    [
        ("whsec_dmlnaWUgb24gdGhlIG1hc3QgMjAyNg==", "whsec_dmlnaWUgb24gdGhlIG1hc3QgMjAyNg=="),
        ("sixteen-and-more-characters", b"sixteen-and-more-characters"),
    ],
)
async def test_a_webhook_is_the_published_event_signed_as_standard_webhooks_says(
    secret: str, verified_with: str | bytes, tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    channel = Webhook(name="desk", url=f"{receiver.url}/hook", secret_file=written(tmp_path, secret))
    call = await delivered(channel, ESCALATED, receiver, session, datetime.now(UTC))
    assert call.body == encode(ESCALATED)
    Verifier(verified_with).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(verified_with).verify(call.body.replace(b"acme", b"emca"), call.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(b"another secret than this").verify(call.body, call.headers)
    assert call.headers["webhook-id"] == call.headers["Idempotency-Key"] == notification(ESCALATED).id


@pytest.mark.parametrize("event", [OPENED, ESCALATED, UPDATED, RESOLVED, overdue()], ids=lambda event: event.type)
async def test_a_webhook_has_the_attributes_of_the_record_on_kafka(
    event: CrisisEvent | CommunicationOverdue, tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    channel = Webhook(name="desk", url=receiver.url, secret_file=written(tmp_path, SECRET))
    call = await delivered(channel, event, receiver, session)
    on_kafka = {name: value.decode() for name, value in _crisis_record(event).headers}
    over_http = {name: value for name, value in call.headers.items() if name.startswith("ce-")}
    assert over_http == {name.replace("ce_", "ce-"): on_kafka[name] for name in on_kafka if name.startswith("ce_")}
    assert call.headers["Content-Type"] == on_kafka["content-type"]


async def test_an_attribute_that_a_header_cannot_hold_is_percent_encoded(
    tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    channel = Webhook(name="desk", url=receiver.url, secret_file=written(tmp_path, SECRET))
    event = replace(OPENED, brand='a "100 %"\r\nX-Evil: é')
    await make_sink(channel).deliver(session, replace(notification(OPENED), event=event), now=NOW)
    [call] = receiver.calls
    assert call.headers["ce-subject"] == "a%20%22100%20%25%22%0D%0AX-Evil:%20%C3%A9"
    assert "X-Evil" not in call.headers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_enough_for_a_webhook(
    status: int, tmp_path: Path, session: aiohttp.ClientSession, receiver: Http
) -> None:
    receiver.status = status
    channel = Webhook(name="desk", url=receiver.url, secret_file=written(tmp_path, SECRET))
    await delivered(channel, OPENED, receiver, session)


# Whatever the event


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(crises())
def test_whatever_happened_each_payload_is_json_within_the_receivers_bounds(tmp_path: Path, event: CrisisEvent) -> None:
    alertmanager = AlertmanagerSink(Alertmanager(name="ops", url="http://x", language="fr"))
    [alert] = decode(encode([alertmanager._alert(event, NOW)]))
    _check_alert(event, alert)
    pagerduty = PagerDutySink(PagerDuty(name="ops", routing_key_file=written(tmp_path, SECRET), language="fr"))
    body = encode(pagerduty._message(event))
    assert len(body) <= 512 * 1024
    if (payload := decode(body).get("payload")) is not None:
        assert len(payload["summary"]) <= 1024
    slack = SlackSink(Slack(name="ops", url_file=written(tmp_path, "https://x/y"), language="fr"))
    _check_message(decode(encode(slack._message(event))))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(reminders())
def test_whatever_a_reminder_says_its_message_is_within_slacks_bounds(
    tmp_path: Path, event: CommunicationOverdue
) -> None:
    slack = SlackSink(Slack(name="ops", url_file=written(tmp_path, "https://x/y"), language="fr"))
    _check_message(decode(encode(slack._message(event))))


def _check_alert(event: CrisisEvent, alert: Any) -> None:
    starts, ends = from_rfc3339(alert["startsAt"]), from_rfc3339(alert["endsAt"])
    assert starts <= ends
    resolved = event.type is CrisisEventType.RESOLVED
    assert to_rfc3339(ends) == "2026-03-02T13:00:30Z" or resolved
    if resolved:
        assert ends <= round((NOW - timedelta(minutes=1)).timestamp() * 1000)
    assert alert["labels"]["brand"] == event.brand
    assert all(alert["annotations"].values())


def _check_message(message: Any) -> None:
    texts = [message["text"], *(block["text"]["text"] for block in message["blocks"])]
    assert len(message["blocks"]) <= 50
    for text in texts:
        assert 1 <= len(text) <= 3000
        without_links = re.sub(r"<https://x\.com/i/web/status/\d+\|\d+>", "", text)
        assert not re.search("[<>]", without_links)
        assert not re.search("&(?!amp;|lt;|gt;)", without_links)
