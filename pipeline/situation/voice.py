"""The brand's own voice: what its accounts have said, kept from minute to minute."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Self

from pipeline.situation.ownposts import OwnMinute, OwnPosts, Post
from pipeline.situation.speaking import silent_on, spoken_to
from pipeline.situation.stored import count, moment, total, whole
from pipeline.situation.threads import Reply, hash_of
from schemas.crisis import Concern
from schemas.situation import OwnPost, Voice
from schemas.times import to_rfc3339

__all__ = ["OwnVoice"]

_UPDATES = 16
_OFF_TONE = 8
_THREADS = 8
_SHOWN = 10
_HASHES = 1 << 40


class OwnVoice:
    """What the brand's accounts have said since the opening, and when the last update was, of before it, too.

    Whoever goes on below an update of their own says more to all, so that is an update as well. At most 24 posts
    and 8 places to go on at, about 2 KiB as stored; while it is calm only the latter.
    """

    __slots__ = ("_ends", "answers", "last_update_ms", "off_tone", "posts", "updates")

    def __init__(self) -> None:
        self.last_update_ms = 0
        """0 when none is known."""
        self.updates = 0
        self.answers = 0
        self.off_tone = 0
        self.posts = OwnPosts(_UPDATES, _OFF_TONE)
        self._ends: list[int] = []
        """Hashes of the newest updates."""

    def open(self) -> None:
        """Count anew: a crisis begins, or is over."""
        self.updates = self.answers = self.off_tone = 0
        self.posts = OwnPosts(_UPDATES, _OFF_TONE)

    def take(self, minute: OwnMinute, *, counts: bool) -> tuple[int, list[Reply]]:
        """Take in the posts of a minute.

        Parameters
        ----------
        minute : OwnMinute
            The minute.
        counts : bool
            Whether a crisis is open, so that what was said is counted and kept.

        Returns
        -------
        int
            When the first update of the minute was posted; 0 for none.
        list of Reply
            What answers other people.
        """
        self._ends += [hash_of(post.tweet_id) for post in minute.posts.updates]
        answers, more = self._divided(minute.replies)
        updates = [time_ms for time_ms in (minute.first_ms, minute.last_ms, *more) if time_ms]
        self.last_update_ms = max(self.last_update_ms, *updates) if updates else self.last_update_ms
        if counts:
            self.updates = total(self.updates, minute.updates + len(more))
            self.answers = total(self.answers, minute.answers - len(more))
            self.off_tone = total(self.off_tone, minute.off_tone)
            for post in chain(minute.posts.updates, minute.posts.off_tone):
                self.posts.add(post)
        return min(updates, default=0), answers

    def _divided(self, replies: Sequence[Reply]) -> tuple[list[Reply], list[int]]:
        """Return the replies to other people, and the times of those that go on below the brand's own updates."""
        answers = sorted(replies, key=lambda reply: (reply.time_ms, reply.post))
        more: list[int] = []
        # A thread that is posted at once has one time for all of its parts: so part after part, not time after time.
        while parts := [reply for reply in answers if reply.to in self._ends]:
            self._ends += [reply.post for reply in parts]
            more += [reply.time_ms for reply in parts]
            answers = [reply for reply in answers if reply not in parts]
        self._ends = self._ends[-_THREADS:]
        return answers, more

    def as_published(self, concerns: Sequence[Concern], *, due_ms: int | None, now_ms: int) -> Voice:
        """Return it beside the concerns of now; ``due_ms`` is when the next update is due."""
        spoken = spoken_to(chain.from_iterable(post.words for post in self.posts.updates), concerns)
        return Voice(
            updates=self.updates,
            answers=self.answers,
            off_tone=self.off_tone,
            last_update_at=to_rfc3339(self.last_update_ms) if self.last_update_ms else None,
            update_due_at=None if due_ms is None else to_rfc3339(due_ms),
            overdue=due_ms is not None and now_ms >= due_ms,
            speaks_to=spoken,
            silent_on=silent_on(spoken, concerns),
            posts=tuple(_post(post, concerns) for post in self._shown()),
        )

    def _shown(self) -> list[Post]:
        """Return what is off tone, and the newest updates as far as there is room, newest first."""
        off_tone = sorted([*self.posts.off_tone, *(post for post in self.posts.updates if post.tone)])[-_SHOWN // 2 :]
        others = [post for post in self.posts.updates if not post.tone][len(off_tone) - _SHOWN :]
        return sorted([*off_tone, *others], reverse=True)

    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.last_update_ms or self.answers or self.off_tone or self._ends)

    def state(self) -> list[Any]:
        """Return it as JSON has it, without the posts."""
        counts = [self.updates, self.answers, self.off_tone]
        return [self.last_update_ms, counts, self._ends]

    @classmethod
    def restore(cls, state: Sequence[Any], posts: Sequence[Any]) -> Self:
        """Return what gave a state, with its posts' (`OwnPosts`); ``TypeError`` or ``ValueError`` when it is none."""
        last_update_ms, counts, ends = state
        voice = cls()
        voice.last_update_ms = moment(last_update_ms)
        voice.updates, voice.answers, voice.off_tone = map(count, counts)
        voice._ends = [whole(end, _HASHES) for end in ends]
        if len(ends) > _THREADS:
            raise ValueError("more places to go on at than are kept")
        voice.posts.restore(posts)
        return voice


def _post(post: Post, concerns: Sequence[Concern]) -> OwnPost:
    return OwnPost(
        tweet_id=post.tweet_id,
        time=to_rfc3339(post.time_ms),
        reply=post.reply,
        speaks_to=spoken_to(post.words, concerns),
        tone=post.tone,
    )
