from pathlib import Path

import pytest

from agents.ingest.contract import SourceRefused
from agents.ingest.sources.x.account import LATENCY_MS
from agents.ingest.sources.x.compliance import ComplianceSource
from agents.ingest.sources.x.follow import Stream
from agents.settings import Settings
from pipeline.ingest.xlines import notices
from tests.agents.ingest.x.scene import IN_ONE_PIECE, NOW_MS, heard, scene

SECOND = 1000
MADE = NOW_MS + SECOND
DELETE = b'{"data":{"delete":{"tweet":{"id":"5","author_id":"7"},"event_at":"2026-01-01T00:00:20.000Z"}}}'
PROTECT = b'{"data":{"user_protect":{"user":{"id":"7"},"event_at":"2026-01-01T00:00:20.000Z"}}}'


def parts(backfill: int = 0) -> list[Stream]:
    return [
        Stream(name=name, path=f"/{name}", read=notices, of="compliance", backfill_minutes=backfill)
        for name in ("one", "two")
    ]


async def test_all_eight_parts_are_followed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-1")
    source = ComplianceSource(Settings(x_token_file=tmp_path / "token"))
    asked = [(stream.path, stream.query["partition"]) for stream in source.streams]

    assert asked == [
        (path, part)
        for path in ("/2/tweets/compliance/stream", "/2/users/compliance/stream")
        for part in ("1", "2", "3", "4")
    ]
    assert {stream.of for stream in source.streams} == {source.of}


async def test_a_notice_is_put_under_what_it_is_about(tmp_path: Path) -> None:
    async with scene(tmp_path, streams=parts()) as at:
        await (await at.connected()).send(DELETE + b"\r\n" + PROTECT + b"\r\n{\r\n")
        await at.outlet.until(lambda it: len(it.values) == 3)

    assert at.outlet.values == [DELETE, PROTECT, b"{"]
    assert at.outlet.keys == [b"5", b"7", None]


async def test_it_has_been_heard_as_far_as_the_slowest_part(tmp_path: Path) -> None:
    async with scene(tmp_path, streams=parts()) as at:
        await at.connected()
        at.passes(10)
        second = await at.connected()
        await at.outlet.until(lambda it: it.marks)
        at.passes(50)
        await heard(at, second)
        await at.ticks()

    assert at.outlet.marks == [NOW_MS - LATENCY_MS]


async def test_nothing_is_marked_before_every_part_was_connected_once(tmp_path: Path) -> None:
    async with scene(tmp_path, streams=parts()) as at:
        await heard(at, await at.connected())
        await at.ticks()
        assert at.outlet.marks == []


async def test_what_several_parts_miss_is_one_gap_of_notices(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 60 * SECOND, streams=parts(), patience=IN_ONE_PIECE) as at:
        await at.connected()
        at.passes(5)
        await at.connected()
        await at.outlet.until(lambda it: len(it.gaps) == 2)
        await at.until(lambda: at.outlet.marks[-1:] == [NOW_MS - LATENCY_MS])

    assert at.outlet.gaps == [
        (NOW_MS - 60 * SECOND, MADE, "restart"),
        (MADE, MADE + 5 * SECOND, "restart"),
    ]
    assert at.outlet.of == {"compliance"}


async def test_notices_that_are_sent_again_are_through_by_their_times(tmp_path: Path) -> None:
    async with scene(tmp_path, NOW_MS - 60 * SECOND, streams=parts(backfill=5)[:1]) as at:
        call = await at.connected()
        assert call.query["backfill_minutes"] == "5"
        at.passes(20)
        await call.send(DELETE.replace(b"00:00:20", b"00:00:00") + b"\r\n")
        await at.outlet.until(lambda it: it.values)
        await at.ticks()
        assert at.outlet.marks == [NOW_MS - 60 * SECOND]
        await call.send(DELETE + b"\r\n")
        await at.outlet.until(lambda it: it.marks[1:])

    assert at.outlet.gaps == []


async def test_one_part_may_be_down_while_the_others_go_on(tmp_path: Path) -> None:
    async with scene(tmp_path, streams=parts()) as at:
        first, second = await at.connected(), await at.connected()
        at.passes(20)
        await heard(at, first)
        await heard(at, second)
        await first.cut()
        gone = await at.x.next()
        at.passes(10)
        await heard(at, second)
        await at.outlet.until(lambda it: it.gaps)
        await gone.begin()

    assert at.outlet.gaps[0] == (NOW_MS + 12 * SECOND, NOW_MS + 30 * SECOND, "disconnected")


@pytest.mark.parametrize("held", [None, "", "two words", "é", "a\x00b"])
def test_without_a_token_it_does_not_begin(tmp_path: Path, held: str | None) -> None:
    path = tmp_path / "token"
    if held is not None:
        path.write_text(held)
    with pytest.raises(SourceRefused, match=r"VIGIE_X_TOKEN_FILE") as refused:
        ComplianceSource(Settings(x_token_file=path))
    assert not held or held not in str(refused.value)


def test_the_setting_has_to_be_there() -> None:
    with pytest.raises(SourceRefused, match=r"x_token_file \(VIGIE_X_TOKEN_FILE\): not set"):
        ComplianceSource(Settings())
