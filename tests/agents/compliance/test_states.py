"""No structure of a brand's state can hide a post."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from agents.compliance.records import anatomies, named_in
from agents.compliance.rules import What
from agents.compliance.sought import Search, Sought, SoughtKind
from agents.compliance.states import unpacked
from agents.settings import Settings
from agents.topics import BRAND_STATE, changelog
from pipeline.compression import deflate
from pipeline.settings import EngineSettings
from pipeline.situation.keeper import joined
from pipeline.situation.ownposts import OwnPosts, Post
from pipeline.stateupgrade import sections
from pipeline.statevalue import unwrap, wrap
from pipeline.tracker import Tracker, clock_key
from schemas.codec import decode, encode
from schemas.mention import Erasure, Origin
from schemas.tone import ToneIssue
from schemas.tweet import TweetKind
from tests.agents.compliance.records import Record
from tests.pipeline.logs import MINUTE_MS, START_MS, mention, watermark

ID = "1863912345678901234"
AUTHOR = 4503599627370497
POST = Sought(kind=SoughtKind.ID, value=ID)
USER = Sought(kind=SoughtKind.USER, value="2244994945", hashes=frozenset({AUTHOR}))
SETTINGS = Settings()
TOPIC = changelog(SETTINGS, "track", BRAND_STATE)

PLANTED: dict[str, dict[str, Any]] = {
    "post": {"engagement": 9, "phrases": ("lost bag",)},
    "question": {"question": True, "matched": ("@acme",), "kind": TweetKind.REPLY},
    "own post": {"official": True},
    "own reply": {"official": True, "kind": TweetKind.REPLY, "tone": (ToneIssue.BLAME,)},
}


def found_in(value: bytes, *sought: Sought, key: bytes = b"acme") -> set[tuple[Sought, What]]:
    record = Record(topic=TOPIC, key=key, value=value)
    return named_in(record, anatomies(SETTINGS)[TOPIC], Search(sought))


def only(value: bytes, section: int) -> bytes:
    """The value with one of its sections, the others empty."""
    partition, stored = unwrap(value)
    return wrap(partition, *(data if at == section else b"" for at, data in enumerate(sections(stored))))


def state_with(*, closed: bool, talk: int = 0, **changes: Any) -> bytes:
    """The state of a brand of which one mention is the planted one."""
    tracker = Tracker(EngineSettings(), 0)
    planted = mention(tweet_id=ID, author=AUTHOR, **changes)
    others = [
        mention(
            tweet_id=str(5 * 10**17 + at),
            origin=Origin(partition=0, offset=1 + at),
            phrases=(f"word{at}", f"word{at} other"),
            repeat_key=1000 + at,
        )
        for at in range(talk)
    ]
    end = [watermark(START_MS + 5 * MINUTE_MS, offset=9_999)] if closed else []
    states = tracker.step([planted, *others, *end]).states
    return states["acme"]


@pytest.mark.parametrize("talk", [0, 60], ids=["a short core", "a core that is compressed"])
@pytest.mark.parametrize(
    ("planted", "whats"),
    [
        ("post", {What.EXEMPLAR, What.CONCERN}),
        ("question", {What.EXEMPLAR, What.CONCERN, What.QUESTION}),
        ("own post", {What.OWN_POST}),
        ("own reply", {What.OWN_POST}),
    ],
)
def test_a_post_is_found_in_an_open_minute(planted: str, whats: set[What], talk: int) -> None:
    value = state_with(closed=False, **PLANTED[planted])
    assert {what for _, what in found_in(only(value, 0), POST)} == whats
    crowded = state_with(closed=False, talk=talk, **PLANTED[planted] | {"engagement": 99})
    assert found_in(only(crowded, 0), POST)


@pytest.mark.parametrize(
    ("planted", "section", "whats"),
    [
        ("post", 1, {What.EXEMPLAR, What.CONCERN}),
        ("question", 3, {What.QUESTION}),
    ],
)
def test_a_post_is_found_where_a_closed_minute_left_it(planted: str, section: int, whats: set[What]) -> None:
    value = state_with(closed=True, **PLANTED[planted])
    assert ID.encode() not in value, "it is compressed, or this test shows nothing"
    assert {what for _, what in found_in(only(value, section), POST)} == whats


@pytest.mark.parametrize("reply", [False, True])
def test_a_post_of_the_brands_own_is_found_that_a_crisis_has_kept(*, reply: bool) -> None:
    posts = OwnPosts(1, 1)
    posts.add(Post(time_ms=START_MS, tweet_id=ID, reply=reply, tone=(), words=("sorry",)))
    situation = joined(deflate(b"[]"), deflate(encode(posts.state())), deflate(b"[]"))
    assert found_in(wrap(0, b"{}", b"", b"", situation), POST) == {(POST, What.OWN_POST)}


@pytest.mark.parametrize("planted", list(PLANTED))
def test_the_author_of_a_post_that_is_named_in_an_open_minute_is_found(planted: str) -> None:
    assert (USER, What.AUTHOR) in found_in(state_with(closed=False, **PLANTED[planted]), USER)


@pytest.mark.parametrize("planted", ["post", "question"])
def test_the_author_of_a_post_that_a_closed_minute_left_is_found(planted: str) -> None:
    assert (USER, What.AUTHOR) in found_in(state_with(closed=True, **PLANTED[planted]), USER)


def test_a_value_that_was_damaged_hides_nothing() -> None:
    value = state_with(closed=True, **PLANTED["post"])
    damaged = value[:6] + bytes((value[6] ^ 1,)) + value[7:]
    assert found_in(damaged, POST) == {(POST, What.ELSEWHERE)}


def test_a_value_of_a_version_to_come_hides_nothing() -> None:
    value = state_with(closed=True, **PLANTED["question"])
    assert found_in(value[:1] + bytes((value[1] + 1,)) + value[2:], POST) == {(POST, What.ELSEWHERE)}


def test_a_state_that_names_nobody_else_is_not_mistaken() -> None:
    value = state_with(closed=True, talk=60, **PLANTED["question"])
    other = Sought(kind=SoughtKind.ID, value=str(int(ID) + 1))
    assert not found_in(value, other, Sought(kind=SoughtKind.USER, value="2244994946", hashes=frozenset({AUTHOR + 1})))


def test_an_author_that_is_remembered_with_the_clock_is_a_notice() -> None:
    tracker = Tracker(EngineSettings(), 0)
    erasure = Erasure(time_ms=START_MS + MINUTE_MS, tweet_ids=(ID,), authors=(AUTHOR,), coming=(AUTHOR,))
    states = tracker.step([watermark(START_MS, offset=1), erasure]).states
    found = found_in(states[clock_key(0)], POST, USER, key=clock_key(0).encode())
    assert found == {(USER, What.NOTICE)}, "a post is remembered by a checksum"


def test_every_section_of_a_state_is_read_as_it_was_before_it_was_compressed() -> None:
    names = {section.name for section in unpacked(state_with(closed=True, **PLANTED["question"]))}
    assert names == {"core", "detector", "windows", "situation", "authors", ""}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_what_a_state_of_an_earlier_version_names_is_found(version: int) -> None:
    path = Path(__file__).parents[2] / "pipeline" / f"state_version_{version}.json"
    states: dict[str, str] = decode(path.read_bytes())["states"]
    tracker, found = Tracker(EngineSettings(), 0), 0
    for name, text in states.items():
        value = text.encode() if version == 1 else b64decode(text)
        tracker.restore(name, value)
        for tweet_id in _named_in(tracker, name):
            assert found_in(value, Sought(kind=SoughtKind.ID, value=tweet_id), key=name.encode())
            found += 1
    assert found


def _named_in(tracker: Tracker, name: str) -> set[str]:
    brand = tracker._brands.get(name)
    if brand is None:
        return set()
    return {*brand._detector.named(), *brand._situation.named()}
