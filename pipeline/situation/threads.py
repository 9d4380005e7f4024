"""Questions put to a brand, a uniform sample of them in bounded room, whatever the order of arrival.

A question is followed by who asks and in which thread: whoever asks twice in a thread waits once, and of the many
who ask below one post of the brand's each waits by themselves. Where there is no room for all, those with the
lowest hash are kept: the same for any order of arrival and for any way of dividing the questions into minutes, and
the place of the cut says how many there were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b
from itertools import chain, islice
from typing import Any, NamedTuple
from zlib import crc32

from pipeline.postid import is_keepable
from pipeline.situation.stored import moment, tweet, whole
from schemas.mention import Mention

__all__ = [
    "Question",
    "Reply",
    "ThreadSample",
    "hash_of",
    "is_question_to_the_brand",
    "is_tweet_id",
    "word_hash",
    "words_of",
]

_BYTES = 5
_HASHES = 1 << 8 * _BYTES
_WORDS = 8
_WORD_HASHES = 1 << 24
_MOST_REACH = (1 << 31) - 1


class Reply(NamedTuple):
    """What a reply of the brand's refers to, as hashes (`hash_of`); 0 for nothing."""

    post: int
    """The reply itself."""
    time_ms: int
    thread: int
    """The post that began the thread."""
    to: int
    """The post that it answers."""

    @classmethod
    def of(cls, mention: Mention) -> Reply:
        """Return what a reply refers to."""
        thread, to = mention.conversation_id, mention.in_reply_to_id
        return cls(
            hash_of(mention.tweet_id), mention.time_ms, hash_of(thread) if thread else 0, hash_of(to) if to else 0
        )

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Reply:
        """Return the reply that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        post, time_ms, thread, to = state
        return cls(whole(post, _HASHES), moment(time_ms), whole(thread, _HASHES), whole(to, _HASHES))


class Question(NamedTuple):
    """The first question of somebody in a thread. The order of the fields is the order by which the first is told."""

    time_ms: int
    tweet_id: str
    """Empty when it is to be named no more."""
    key: int
    """Hash of the thread and of who asks."""
    thread: int
    """Hash of the ID of the post that began the thread (`hash_of`); 0 when the question itself did."""
    reach: int
    """Followers of who asks."""
    words: tuple[int, ...]
    """Hashes of its first words of content, at most 8: to tell what it is about, without other people's words."""
    answered_ms: int = 0
    """When the brand answered; 0 while it has not."""

    @classmethod
    def of(cls, mention: Mention) -> Question:
        """Return the question that a mention asks."""
        thread = _thread(mention)
        return cls(
            time_ms=mention.time_ms,
            tweet_id=mention.tweet_id,
            key=_key(mention),
            thread=hash_of(thread) if thread != mention.tweet_id else 0,
            reach=min(max(mention.reach, 0), _MOST_REACH),
            words=tuple(map(word_hash, words_of(mention.phrases, _WORDS))),
        )

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Question:
        """Return the question that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        time_ms, tweet_id, key, thread, reach, words, answered_ms = state
        if len(words) > _WORDS:
            raise ValueError("more words than are kept")
        return cls(
            moment(time_ms),
            tweet(tweet_id) if tweet_id != "" else "",
            whole(key, _HASHES),
            whole(thread, _HASHES),
            whole(reach, _MOST_REACH + 1),
            tuple([whole(word, _WORD_HASHES) for word in words]),
            moment(answered_ms),
        )

    def blank(self) -> Question:
        """Return the question of a post that is to be named no more: it waits on, without ID and words."""
        return self._replace(tweet_id="", thread=self.thread or hash_of(self.tweet_id), words=())

    def is_answered_by(self, reply: Reply, *, alone: bool) -> bool:
        """Whether a reply by the brand answers it.

        It does when it replies to the question itself. Elsewhere in the thread it does while nobody else asks there
        (``alone``), or when the platform does not say what it replies to: below a post of the brand's own hundreds
        may ask, and an answer to one of them is none to the others.
        """
        if reply.time_ms <= self.time_ms:
            return False
        post = hash_of(self.tweet_id)
        return reply.to == post or (reply.thread == (self.thread or post) and (alone or not reply.to))


class ThreadSample:
    """The questions with the lowest hash, at most ``room`` of them, and where the others were cut off."""

    __slots__ = ("cut", "kept", "room")

    def __init__(self, room: int) -> None:
        self.room = room
        self.cut = _HASHES
        """Every question with this hash or a higher one is left out."""
        self.kept: dict[int, Question] = {}
        """By `Question.key`."""

    @property
    def share(self) -> float:
        """Share of the questions that is kept, above 0 to 1."""
        return (self.cut or 1) / _HASHES

    def ask(self, mention: Mention) -> bool:
        """Take in the question that a mention asks; return whether that changed anything.

        Most are cut off by their key, before the rest is worked out.
        """
        key = _key(mention)
        known = self.kept.get(key)
        if key < self.cut and (known is None or (mention.time_ms, mention.tweet_id) <= known[:2]):
            return self.add(Question.of(mention))
        return False

    def add(self, question: Question) -> bool:
        """Take in a question; return whether that changed anything."""
        key, kept = question.key, self.kept
        if key >= self.cut:
            return False
        known = kept.get(key)
        if known is not None and known <= question:
            return False
        kept[key] = question
        if len(kept) > self.room:
            self.cut = max(kept)
            del kept[self.cut]
        return True

    def merge(self, other: ThreadSample) -> bool:
        """Take in another sample; return whether that changed anything."""
        changed = False
        if other.cut < self.cut:
            self.cut, changed = other.cut, True
            self.kept = {key: question for key, question in self.kept.items() if key < self.cut}
        for question in other.kept.values():
            changed |= self.add(question)
        return changed

    def replace(self, questions: Iterable[Question]) -> None:
        """Put questions in the place of those with the same keys."""
        for question in questions:
            self.kept[question.key] = question

    def named(self) -> list[str]:
        """Return the IDs of the questions."""
        return [question.tweet_id for question in self.kept.values() if question.tweet_id]

    def forget(self, gone: Collection[str]) -> bool:
        """Name these posts no more; return whether that changed anything. Whoever waits is counted all the same."""
        found = [question.blank() for question in self.kept.values() if question.tweet_id in gone]
        self.replace(found)
        return bool(found)

    def state(self) -> list[Any]:
        """Return the sample as JSON has it."""
        return [self.cut, [list(question) for _, question in sorted(self.kept.items())]]

    @classmethod
    def restore(cls, state: Sequence[Any], room: int) -> ThreadSample:
        """Return the sample that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        cut, kept = state
        sample = cls(room)
        sample.cut = whole(cut, _HASHES + 1)
        sample.kept = {question.key: question for question in map(Question.restore, kept)}
        if len(sample.kept) != len(kept) or len(kept) > room or max(sample.kept, default=-1) >= sample.cut:
            raise ValueError("not what the sample would hold")
        return sample


def _thread(mention: Mention) -> str:
    return mention.conversation_id or mention.tweet_id


def _key(mention: Mention) -> int:
    return hash_of(f"{mention.author}|{_thread(mention)}")


def is_question_to_the_brand(mention: Mention) -> bool:
    """Whether somebody else than the brand asks something and names one of its accounts, or answers to it."""
    for label in mention.matched:  # any() of a generator costs three times as much, and most have no such label
        if label[:1] == "@":
            return is_tweet_id(mention.tweet_id)
    return False


def is_tweet_id(tweet_id: str) -> bool:
    """Whether an ID is one that state and events can hold."""
    return is_keepable(tweet_id)


def hash_of(text: str) -> int:
    """Return a uniform hash of an ID, 40 bits."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=_BYTES).digest())


def word_hash(word: str) -> int:
    """Return a short hash of a word: of eight, one is of the concerns' sixty by chance once in 30,000 times."""
    return crc32(word.encode("utf-8", "replace")) >> 8


def words_of(phrases: Iterable[str], most: int) -> list[str]:
    """Return the different words of phrases in order, at most so many of them."""
    return list(islice(dict.fromkeys(chain.from_iterable(map(str.split, phrases))), most))
