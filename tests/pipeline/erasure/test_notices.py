import pytest

from pipeline.authorhash import AuthorHasher
from pipeline.erasure import erasure_of
from pipeline.formats import ComplianceKind, ComplianceNotice, parse
from schemas.codec import encode
from schemas.mention import Erasure
from schemas.reading import read_mention_record
from tests.ingest import jetserver

NOW_MS = 1_772_000_000_000
WEEK_MS = 7 * 24 * 3_600_000
HASHER = AuthorHasher(b"secret")


def asked(payload: object) -> Erasure | None:
    """Return what the only notice of a raw record asks to erase."""
    (notice,) = parse(encode(payload), max_bytes=1 << 20).compliance
    return erasure_of(notice, HASHER, NOW_MS)


POSTS: dict[str, object] = {
    "v2 delete": {"data": {"delete": {"tweet": {"id": "7", "author_id": "3"}, "event_at": "2026-02-25T06:13:19.000Z"}}},
    "v2 delete of what a quote holds": {
        "data": {"delete": {"tweet": {"id": "7", "author_id": "3"}, "quote_tweet_id": "8"}}
    },
    "v2 withheld": {"data": {"withheld": {"tweet": {"id": "7", "author_id": "3"}, "withheld_in_countries": ["de"]}}},
    "v2 drop": {"data": {"drop": {"tweet": {"id": "7", "author_id": "3"}}}},
    "v1.1 delete": {"delete": {"status": {"id": 7, "id_str": "7", "user_id": 3, "user_id_str": "3"}}},
    "v1.1 status_withheld": {"status_withheld": {"id": 7, "user_id": 3, "withheld_in_countries": ["DE"]}},
    "enterprise drop": {"drop": {"status": {"id": 7, "user_id": 3}, "timestamp_ms": "1772000000000"}},
}


@pytest.mark.parametrize("payload", POSTS.values(), ids=POSTS)
def test_a_post_that_is_gone_is_erased_and_not_its_author(payload: object) -> None:
    erasure = asked(payload)
    assert erasure is not None
    assert (erasure.tweet_ids, erasure.authors, erasure.coming) == (("7",), (), ())


EDIT = {"tweet": {"id": "9"}, "initial_tweet_id": "7", "edit_tweet_ids": ["7", "8", "9"]}


@pytest.mark.parametrize("payload", [{"data": {"tweet_edit": EDIT}}, {"tweet_edit": EDIT}], ids=["v2", "enterprise"])
def test_of_an_edited_post_the_earlier_versions_are_erased_and_the_newest_is_not(payload: object) -> None:
    erasure = asked(payload)
    assert erasure is not None
    assert erasure.tweet_ids == ("7", "8")


@pytest.mark.parametrize("kind", ["user_delete", "user_protect", "user_suspend", "user_withheld"])
@pytest.mark.parametrize("form", ["v2", "v1.1"])
def test_all_posts_of_an_account_that_is_gone_are_erased_by_its_hashes(kind: str, form: str) -> None:
    erasure = asked({"data": {kind: {"user": {"id": "3"}}}} if form == "v2" else {kind: {"id": 3}})
    assert erasure is not None
    assert erasure.tweet_ids == ()
    assert erasure.authors == HASHER.all_of("x", "3", NOW_MS)
    assert erasure.coming == tuple(HASHER.of("x", "3", NOW_MS + weeks * WEEK_MS) for weeks in (-1, 0, 1))
    assert set(erasure.coming) <= set(erasure.authors)
    assert read_mention_record(encode(erasure)) == erasure


@pytest.mark.parametrize(
    "payload",
    [
        {"undelete": {"status": {"id": 7}}},
        {"data": {"undrop": {"tweet": {"id": "7", "author_id": "3"}}}},
        {"data": {"user_undelete": {"user": {"id": "3"}}}},
        {"data": {"user_unprotect": {"user": {"id": "3"}}}},
        {"data": {"user_unsuspend": {"user": {"id": "3"}}}},
        {"scrub_geo": {"user_id": 3, "up_to_status_id": 7}},
        {"data": {"scrub_geo": {"user": {"id": "3"}, "up_to_tweet_id": "7"}}},
    ],
)
def test_what_gives_leave_or_is_about_places_asks_nothing_of_us(payload: object) -> None:
    assert asked(payload) is None


@pytest.mark.parametrize("kind", ComplianceKind)
def test_a_notice_that_lacks_what_its_kind_is_about_asks_for_nothing_else(kind: ComplianceKind) -> None:
    about_posts = ComplianceNotice(kind=kind, tweet_id="7")
    erasure = erasure_of(about_posts, HASHER, NOW_MS)
    assert erasure is None or (erasure.tweet_ids == ("7",) and not kind.value.startswith("user_"))


@pytest.mark.parametrize(
    ("given_ms", "counts_ms"), [(None, NOW_MS), (NOW_MS - 5, NOW_MS - 5), (NOW_MS + 5, NOW_MS), (-5, 0)]
)
def test_a_notice_is_as_old_as_it_says_but_never_from_the_future(given_ms: int | None, counts_ms: int) -> None:
    erasure = erasure_of(ComplianceNotice(kind=ComplianceKind.DELETE, tweet_id="7", time_ms=given_ms), HASHER, NOW_MS)
    assert erasure is not None
    assert erasure.time_ms == counts_ms


def test_a_notice_of_another_platform_is_about_its_accounts_and_posts() -> None:
    (gone,) = parse(encode(jetserver.account(1_725_911_162_329_308)), max_bytes=1 << 20).compliance
    (post,) = parse(encode(jetserver.delete(1_725_911_162_329_308, "3l3")), max_bytes=1 << 20).compliance
    hasher = AuthorHasher(b"k" * 32)
    erased = erasure_of(gone, hasher, 1_725_911_162_329)
    assert erased is not None
    assert erased.platform == "bluesky"
    assert hasher.of("bluesky", jetserver.DID, 1_725_911_162_329) in erased.coming
    assert hasher.of("x", jetserver.DID, 1_725_911_162_329) not in erased.authors
    erased = erasure_of(post, hasher, 1_725_911_162_329)
    assert erased is not None
    assert (erased.tweet_ids, erased.platform) == ((f"at://{jetserver.DID}/app.bsky.feed.post/3l3",), "bluesky")
