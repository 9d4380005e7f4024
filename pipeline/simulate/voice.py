"""The brand's own voice in a planted crisis: updates, answers in people's threads, and now and then a wrong tone.

From a stream of chance of its own, so that what people say stays the same however the brand handles it.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from pipeline.simulate.chance import Chance
from pipeline.simulate.draft import Draft
from pipeline.simulate.people import Person
from pipeline.simulate.scenario import BrandTalk, Handling, Planted
from pipeline.simulate.wording import MAX_CHARS, brand_wording
from schemas.mention import SentimentLabel
from schemas.tweet import TweetKind

__all__ = ["OwnVoice"]

_MINUTE_MS = 60_000
_SOONEST_MS = 2 * _MINUTE_MS
"""Nobody answers faster; by then the question has been put in order and has its ID."""


class OwnVoice:
    """What one brand posts about its planted crises. Ask for its minutes in order, each once."""

    def __init__(self, brand: BrandTalk, seed: int, own: Person) -> None:
        self._brand = brand
        self._own = own
        self._chance = Chance(seed, brand.key, "voice")
        self._promised: list[tuple[int, int, Draft, Planted]] = []
        self._count = 0

    def minute(self, start_ms: int, drafts: Iterable[Draft]) -> list[Draft]:
        """Return what the brand posts in the minute that starts at ``start_ms``.

        Parameters
        ----------
        start_ms : int
            Epoch milliseconds.
        drafts : iterable of Draft
            What everybody posts in it: some of the questions among it will be answered.
        """
        event, handling = self._going_on(start_ms)
        if event is not None and handling is not None and start_ms >= event.start_ms + handling.answers_from_ms:
            for draft in drafts:
                self._hear(draft, event, handling)
        return [*self._updates(start_ms), *self._answers(start_ms)]

    def _going_on(self, time_ms: int) -> tuple[Planted | None, Handling | None]:
        for event in self._brand.events:
            if event.start_ms <= time_ms < event.end_ms:
                return event, event.handling
        return None, None

    def _hear(self, draft: Draft, event: Planted, handling: Handling) -> None:
        """Promise an answer to a question that is put to the brand, or not."""
        named = draft.answers == self._own or f"@{self._own.handle}".lower() in draft.text.lower()
        asks = named and "?" in draft.text and draft.kind is not TweetKind.RETWEET and draft.author != self._own
        if asks and self._chance.happens(handling.answers):
            wait_ms = max(_SOONEST_MS, int(self._chance.exponential(handling.answer_after_ms)))
            self._count += 1
            heappush(self._promised, (draft.time_ms + wait_ms, self._count, draft, event))

    def _updates(self, start_ms: int) -> list[Draft]:
        posts = []
        for event in self._brand.events:
            handling = event.handling
            if handling is None:
                continue
            for bank, times in (("updates", handling.updates_ms), ("off_tone", handling.off_tone_ms)):
                for number, after_ms in enumerate(times):
                    if start_ms <= event.start_ms + after_ms < start_ms + _MINUTE_MS:
                        words = brand_wording(self._brand.key, self._language, event.id)
                        text = words.say_item(bank, number, self._chance)
                        posts.append(self._post(start_ms + self._chance.below(_MINUTE_MS), text))
        return posts

    def _answers(self, start_ms: int) -> list[Draft]:
        answers = []
        while self._promised and self._promised[0][0] < start_ms + _MINUTE_MS:
            time_ms, _, question, event = heappop(self._promised)
            words = brand_wording(self._brand.key, self._language, event.id)
            draft = self._post(time_ms, f"@{question.author.handle} {words.say('answers', self._chance)}")
            draft.kind, draft.about, draft.answers = TweetKind.REPLY, question, question.author
            answers.append(draft)
        return answers

    @property
    def _language(self) -> str:
        return self._brand.languages[0][0]

    def _post(self, time_ms: int, text: str) -> Draft:
        return Draft(
            brand=self._brand.key,
            time_ms=time_ms,
            author=self._own,
            text=text[:MAX_CHARS],
            language=self._language,
            tone=SentimentLabel.NEUTRAL,
            apart=True,
        )
