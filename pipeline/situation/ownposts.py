"""What the brand's own accounts posted within a minute, in bounded room, whatever the order of arrival."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from pipeline.situation.stored import count, moment, terms, times, tones, tweet, whole
from pipeline.situation.threads import Reply, hash_of, is_tweet_id, words_of
from schemas.mention import Mention
from schemas.tone import ToneIssue
from schemas.tweet import TweetKind

__all__ = ["OwnMinute", "OwnPosts", "Post"]

_UPDATES = 4
_OFF_TONE = 2
_REPLIES = 64
"""A team of people does not write more in a minute; of a machine's, those with the lowest hash are kept."""
_WORDS = 16
_LONGEST_PHRASE = 84


class Post(NamedTuple):
    """A post of the brand's own."""

    time_ms: int
    tweet_id: str
    reply: bool
    tone: tuple[ToneIssue, ...]
    words: tuple[str, ...]
    """Its first words of content, at most 16."""

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Post:
        """Return the post that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        time_ms, tweet_id, reply, tone, words = state
        return cls(moment(time_ms), tweet(tweet_id), bool(whole(reply, 2)), tones(tone), terms(words, _WORDS))

    def state(self) -> list[Any]:
        """Return the post as JSON has it."""
        return [self.time_ms, self.tweet_id, int(self.reply), self.tone, self.words]


class OwnPosts:
    """The newest posts by (time, ID), updates and others each in room of their own."""

    __slots__ = ("off_tone", "rooms", "stored", "updates")

    def __init__(self, updates: int, off_tone: int) -> None:
        self.rooms = (updates, off_tone)
        self.updates: list[Post] = []
        """Oldest first."""
        self.off_tone: list[Post] = []
        """Replies that do not sound calm and professional, oldest first."""
        self.stored: bytes | None = None
        """For whoever stores them: how, while they have not changed."""

    def add(self, post: Post) -> None:
        """Take in an update, or a reply that is off tone."""
        posts, room = (self.off_tone, self.rooms[1]) if post.reply else (self.updates, self.rooms[0])
        if post not in posts:
            insort(posts, post)
            del posts[:-room]
            self.stored = None

    def named(self) -> Iterator[str]:
        """Yield the IDs of the posts."""
        return (post.tweet_id for post in chain(self.updates, self.off_tone))

    def forget(self, gone: Collection[str]) -> bool:
        """Drop these posts; return whether there were any. Whoever counts them does so elsewhere."""
        kept = [[post for post in posts if post.tweet_id not in gone] for posts in (self.updates, self.off_tone)]
        changed = kept != [self.updates, self.off_tone]
        if changed:
            self.updates, self.off_tone = kept
            self.stored = None
        return changed

    def state(self) -> list[Any]:
        """Return them as JSON has it."""
        return [[post.state() for post in posts] for posts in (self.updates, self.off_tone)]

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` gave; ``TypeError`` or ``ValueError`` when it is something else."""
        self.updates, self.off_tone = ([Post.restore(post) for post in posts] for posts in state)
        if len(self.updates) > self.rooms[0] or len(self.off_tone) > self.rooms[1]:
            raise ValueError("more posts than are kept")
        if sorted(self.updates) != self.updates or sorted(self.off_tone) != self.off_tone:
            raise ValueError("posts out of order")


class OwnMinute:
    """The own posts of a minute: exact counts, times and replies by rule."""

    __slots__ = ("answers", "first_ms", "last_ms", "off_tone", "posts", "replies", "updates")

    def __init__(self) -> None:
        self.updates = 0
        """Posts and quotes."""
        self.answers = 0
        """Replies."""
        self.off_tone = 0
        """Of both, those that do not sound calm and professional."""
        self.first_ms = 0
        """When the first update was posted; 0 for none."""
        self.last_ms = 0
        """When the last was."""
        self.posts = OwnPosts(_UPDATES, _OFF_TONE)
        self.replies: list[Reply] = []
        """In the order of their hashes, at most 64."""

    def fold(self, mention: Mention) -> None:
        """Take in a post of the brand's own. A retweet says nothing of its own."""
        if mention.kind == TweetKind.RETWEET:
            return
        self.off_tone += bool(mention.tone)
        reply = mention.kind == TweetKind.REPLY
        if reply:
            self._answer(mention)
        else:
            self.updates += 1
            self.first_ms = min(self.first_ms or mention.time_ms, mention.time_ms)
            self.last_ms = max(self.last_ms, mention.time_ms)
        if (mention.tone or not reply) and is_tweet_id(mention.tweet_id):
            self.posts.add(
                Post(
                    time_ms=mention.time_ms,
                    tweet_id=mention.tweet_id,
                    reply=reply,
                    tone=tuple(sorted(set(mention.tone))),
                    words=tuple(words_of(filter(_is_usable, mention.phrases), _WORDS)),
                )
            )

    def _answer(self, mention: Mention) -> None:
        self.answers += 1
        if len(self.replies) == _REPLIES and hash_of(mention.tweet_id) > self.replies[-1].post:
            return
        reply = Reply.of(mention)
        if reply not in self.replies:
            insort(self.replies, reply)
            del self.replies[_REPLIES:]

    def state(self) -> list[Any]:
        """Return the minute as JSON has it."""
        counts = [self.updates, self.answers, self.off_tone, self.first_ms, self.last_ms]
        return [counts, self.posts.state(), list(map(list, self.replies))]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> OwnMinute:
        """Return the minute that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        (updates, answers, off_tone, first_ms, last_ms), posts, replies = state
        minute = cls()
        minute.updates, minute.answers, minute.off_tone = count(updates), count(answers), count(off_tone)
        minute.first_ms, minute.last_ms = times((first_ms, last_ms))
        minute.posts.restore(posts)
        minute.replies = [Reply.restore(reply) for reply in replies]
        if len(replies) > min(_REPLIES, minute.answers) or sorted(minute.replies) != minute.replies:
            raise ValueError("not the replies of so many answers")
        return minute


def _is_usable(phrase: str) -> bool:
    """Whether a phrase is short enough, and has a form in UTF-8 (a lone surrogate has none)."""
    if not 0 < len(phrase) <= _LONGEST_PHRASE:
        return False
    return phrase.isascii() or phrase.encode("utf-8", "replace") == phrase.encode("utf-8", "surrogatepass")
