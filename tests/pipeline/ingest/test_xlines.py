import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.times import snowflake_ms
from pipeline.ingest.xlines import ProblemKind, notices, posts, problem

POST = b'{"data":{"id":"569318041890627585","text":"late"}}'


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (POST, b"569318041890627585"),
        (b'{"matching_rules":[],"data":{"text":"a","id":"5"}}', b"5"),
        (b'{"data":{"id":5}}', b"5"),
        (b'{"data":{"id":"5"},"errors":[{"title":"Not Found Error"}]}', b"5"),
        (b'{"data":{"id":""}}', None),
        (b'{"data":{"id":5.5}}', None),
        (b'{"data":{"id":null}}', None),
        (b'{"data":[{"id":"5"}]}', None),
        (b'{"data":{}}', None),
        (b'{"id":"5"}', None),
        (b'{"data":{"id":"' + b"5" * 65 + b'"}}', None),
        (b'{"data":{"id":"5"}} and more', None),
        (b'{"data":{"id":"5"', None),
        (b'{"data":{"id":"\xff"}}', None),
        (b'{"data":{"id":"\\ud800"}}', None),
        (b"\xef\xbb\xbf" + POST, None),
        (b"[" * 200_000, None),
        (b"null", None),
        (b"5", None),
    ],
)
def test_the_key_of_a_line_is_its_posts_id_if_it_has_one(line: bytes, key: bytes | None) -> None:
    assert posts([line]).keyed == [(key, line)]


def test_the_time_is_that_of_the_last_post() -> None:
    other = POST.replace(b"569318041890627585", b"569318041990627585")
    assert posts([other, POST, b"{"]).newest_ms == snowflake_ms("569318041890627585")
    assert posts([b'{"data":{"id":"20"}}', b"{"]).newest_ms is None
    assert posts([]).newest_ms is None


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (
            {"errors": [{"title": "operational-disconnect", "disconnect_type": "U", "detail": "For reasons."}]},
            ProblemKind.OPERATIONAL,
            "operational-disconnect: For reasons.",
        ),
        (
            {"title": "ConnectionException", "connection_issue": "TooManyConnections", "detail": "At the maximum."},
            ProblemKind.TOO_MANY_CONNECTIONS,
            "ConnectionException: At the maximum.",
        ),
        ({"title": "UsageCapExceeded", "detail": "Monthly", "type": "t"}, ProblemKind.USAGE_CAP, None),
        ({"errors": [{"type": "https://api.x.com/2/problems/usage-capped"}]}, ProblemKind.USAGE_CAP, None),
        ({"title": "a", "type": "https://api.x.com/2/problems/rate-limit-exceeded"}, ProblemKind.RATE_LIMIT, "a"),
        ({"errors": []}, ProblemKind.OTHER, "no reason given"),
        ({"errors": [5]}, ProblemKind.OTHER, "no reason given"),
        ({"errors": {"title": 5}}, ProblemKind.OTHER, "no reason given"),
        ({"errors": [{"title": "same", "detail": "same"}]}, ProblemKind.OTHER, "same"),
        ({"data": None, "errors": [{"message": "gone"}]}, ProblemKind.OTHER, "gone"),
    ],
)
def test_what_x_says_of_the_stream_is_kept_apart(said: dict[str, Any], kind: ProblemKind, words: str | None) -> None:
    for read in (posts, notices):
        found = read([POST, json.dumps(said).encode(), POST])
        assert len(found.keyed) == 2
        assert found.problems == 1
        assert found.problem is not None
        assert found.problem.kind is kind
        assert words is None or str(found.problem) == words


def test_its_words_are_bounded_and_one_line() -> None:
    found = problem({"title": "a\x1b[31m\nb", "detail": "x" * 10_000})
    assert found.title == "a [31m b"
    assert len(found.detail) == 300


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"data":{"delete":{"tweet":{"id":"5","author_id":"7"}}}}', b"5"),
        (b'{"data":{"drop":{"tweet":{"id":"5","author_id":"7"}}}}', b"5"),
        (b'{"data":{"withheld":{"tweet":{"id":"5","author_id":"7"},"withheld_in_countries":["XY"]}}}', b"5"),
        (b'{"data":{"tweet_edit":{"tweet":{"id":"6"},"initial_tweet_id":"4","edit_tweet_ids":["4","6"]}}}', b"6"),
        (b'{"data":{"user_delete":{"user":{"id":"7"}}}}', b"7"),
        (b'{"data":{"user_protect":{"user":{"id":"7"}}}}', b"7"),
        (b'{"data":{"scrub_geo":{"user":{"id":"7"},"up_to_tweet_id":"5"}}}', b"7"),
        (b'{"data":{"user_profile_modification":{"user":{"id":"7"},"profile_field":"name"}}}', b"7"),
        (b'{"delete":{"status":{"id_str":"5","user_id_str":"7"}}}', b"5"),
        (b'{"data":{"delete":{}}}', None),
        (b'{"data":{"something":{"new":1}}}', None),
        (b'{"data":{"delete":5}}', None),
        (b'{"data":[]}', None),
        (b"{", None),
        (b"7", None),
    ],
)
def test_the_key_of_a_notice_is_what_it_is_about(line: bytes, key: bytes | None) -> None:
    assert notices([line]).keyed == [(key, line)]


def test_the_time_of_a_notice_is_that_of_its_event() -> None:
    line = b'{"data":{"delete":{"tweet":{"id":"5"},"event_at":"2026-01-01T00:00:00.000Z"}}}'
    assert notices([line, b"{"]).newest_ms == 1_767_225_600_000


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "errors", "id", "title", "type", "delete", "user", "tweet", "event_at"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(lines=st.lists(json_like.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40), max_size=8))
def test_every_line_is_passed_on_as_it_came_or_is_a_problem(lines: list[bytes]) -> None:
    for read in (posts, notices):
        found = read(lines)
        passed = [value for _, value in found.keyed]
        assert len(passed) + found.problems == len(lines)
        left = iter(lines)
        assert all(any(line == value for line in left) for value in passed), "the order changed"
        assert all(key is None or 0 < len(key) <= 256 for key, _ in found.keyed)
