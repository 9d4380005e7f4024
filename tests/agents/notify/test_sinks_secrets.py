"""Channels that cannot be used stop the start, and say which and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.notify.sinks import SinkConfigError, make_sink
from pipeline.notify.channels import Alertmanager, Channel, PagerDuty, Slack, Webhook

GOOD_URL = "https://receiver.example/hook"


def channels_of(path: Path) -> tuple[Channel, ...]:
    return (
        PagerDuty(name="ops", routing_key_file=path),
        Slack(name="ops", url_file=path),
        Webhook(name="ops", url=GOOD_URL, secret_file=path),
    )


def refusal(channel: Channel) -> str:
    with pytest.raises(SinkConfigError) as caught:
        make_sink(channel)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize("kind", range(3), ids=["pagerduty", "slack", "webhook"])
def test_a_secret_that_is_not_there_is_told_with_channel_and_file(kind: int, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert refusal(channels_of(path)[kind]) == f"channel ops: {path} cannot be read: No such file or directory"
    path.mkdir()
    assert refusal(channels_of(path)[kind]) == f"channel ops: {path} cannot be read: Is a directory"


@pytest.mark.parametrize("kind", range(3), ids=["pagerduty", "slack", "webhook"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"one-s3cr3t-of-two\nanother-s3cr3t-of-two\n", "more than one word"),
        ("s3cr3ts3cr3ts3cr3té".encode(), "more than one word of plain ASCII"),
        (b"\xff\xfe\x00\x01", "is not text"),
    ],
)
def test_a_secret_that_is_none_is_told_without_showing_it(kind: int, content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    said = refusal(channels_of(path)[kind])
    assert said.startswith(f"channel ops: {path} ")
    assert why in said
    assert "s3cr3t" not in said


def test_white_space_around_a_secret_is_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("  https://hooks.slack.example/services/T/B/x \n")
    make_sink(Slack(name="ops", url_file=path))


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("fifteen-letters", "less than 16 bytes"),
        ("whsec_c2hvcnQ=", "less than 16 bytes"),
        ("whsec_", "less than 16 bytes"),
        ("whsec_no*base64*at*all*no*base64", "no base64"),
        ("whsec_dmlnaWUgb24gdGhlIG1hc3QgMjAyNg", "no base64"),
    ],
)
def test_a_signing_secret_that_is_short_or_garbled_is_refused(secret: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(secret)
    said = refusal(Webhook(name="desk", url=GOOD_URL, secret_file=path))
    assert said.startswith(f"channel desk: {path} holds ")
    assert why in said
    assert secret not in said


@pytest.mark.parametrize("url", ["", "hooks.slack.example/T/B/x", "ftp://h/s3cr3t", "https://", "http://h:port/s3cr3t"])
def test_an_address_that_is_none_is_told_without_showing_it(url: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(url or "none")
    said = refusal(Slack(name="team", url_file=path))
    assert said == f"channel team: what {path} holds must be an address that begins with https:// or http://"
    said = refusal(Alertmanager(name="ops", url=url))
    assert said == "channel ops: its url must be an address that begins with https:// or http://"
