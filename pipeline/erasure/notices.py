"""From a compliance message of X's, or of another platform in the same words, to what is to be erased.

ADR: what each kind asks of us
------------------------------
Vigie keeps no text for longer than a day, no profile and no place of anybody. What is left to erase is the name of a
post (its ID), the words that stand for it, and the hash of its author beside it.

===================================================  ==============================================================
`delete`, `drop`, `status_withheld`                  the post. Withheld somewhere is erased everywhere: whoever reads
                                                     a page of ours may sit anywhere.
`tweet_edit`                                         the earlier versions; the newest is a post of its own.
`user_delete`, `user_protect`, `user_suspend`,       all posts of the account, by its hashes of the weeks that are kept.
`user_withheld`
`undelete`, `undrop`, `user_undelete`,               nothing: what was erased is not known any more, and what is posted
`user_unprotect`, `user_unsuspend`                   from now on is named again by itself.
`scrub_geo`                                          nothing: places are never read.
===================================================  ==============================================================

What was counted stays counted: a number names nobody.
"""

from __future__ import annotations

from pipeline.authorhash import AuthorHasher
from pipeline.formats import ComplianceKind, ComplianceNotice
from schemas.mention import Erasure

__all__ = ["account_of", "erasure_of", "posts_of"]

_POSTS = frozenset({ComplianceKind.DELETE, ComplianceKind.DROP, ComplianceKind.STATUS_WITHHELD})
_ACCOUNTS = frozenset(
    {
        ComplianceKind.USER_DELETE,
        ComplianceKind.USER_PROTECT,
        ComplianceKind.USER_SUSPEND,
        ComplianceKind.USER_WITHHELD,
    }
)
_WEEK_MS = 7 * 24 * 3_600_000


def posts_of(notice: ComplianceNotice) -> tuple[str, ...]:
    """Return the IDs of the posts that a notice takes back."""
    if notice.kind is ComplianceKind.TWEET_EDIT:
        return notice.earlier_ids
    return (notice.tweet_id,) if notice.kind in _POSTS and notice.tweet_id is not None else ()


def account_of(notice: ComplianceNotice) -> str | None:
    """Return the ID of the account all of whose posts a notice takes back, if it is about one."""
    return notice.user_id if notice.kind in _ACCOUNTS else None


def erasure_of(notice: ComplianceNotice, hasher: AuthorHasher, time_ms: int) -> Erasure | None:
    """Return what a notice asks to erase; none when it asks nothing of us.

    Parameters
    ----------
    notice : ComplianceNotice
        The notice.
    hasher : AuthorHasher
        With the secret that enrich has.
    time_ms : int
        When the notice was received, epoch milliseconds: an account's posts of the two years before it are found, and
        it stands for the notice's own time where that is missing, or later.
    """
    ids, account = posts_of(notice), account_of(notice)
    authors: tuple[int, ...] = ()
    coming: tuple[int, ...] = ()
    given_ms = time_ms if notice.time_ms is None else max(0, min(notice.time_ms, time_ms))
    if account is not None:
        authors = hasher.all_of(notice.platform, account, time_ms)
        about = (given_ms - _WEEK_MS, given_ms, given_ms + _WEEK_MS)
        coming = tuple(hasher.of(notice.platform, account, about_ms) for about_ms in about)
    if not ids and not authors:
        return None
    return Erasure(time_ms=given_ms, tweet_ids=ids, authors=authors, coming=coming, platform=notice.platform)
