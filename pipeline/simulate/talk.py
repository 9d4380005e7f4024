"""Who says what: turns a minute's counts into posts, replies, retweets and quotes of people."""

from __future__ import annotations

from collections import deque

from pipeline.simulate.chance import Chance
from pipeline.simulate.draft import Draft
from pipeline.simulate.people import People, Person
from pipeline.simulate.rhythm import Rhythm
from pipeline.simulate.scenario import BrandTalk, Kind, Planted
from pipeline.simulate.voice import OwnVoice
from pipeline.simulate.wording import MAX_CHARS, Wording, brand_facts, brand_wording, roughen
from schemas.mention import SentimentLabel
from schemas.tweet import TweetKind

__all__ = ["Talk"]

_MINUTE_MS = 60_000
_PEOPLE = 3_000
_REMEMBERED = 40
"""Recent posts that others may still retweet, quote or copy."""

_RETWEET = 0.20
_QUOTE = 0.04
_DIRECT = 0.36
"""Share of ordinary posts that address the brand instead of talking about it."""
_SPAM = 0.015
_AMBIGUOUS = 0.012
_ANSWERED = 0.05
"""Share of ordinary posts that are the brand answering somebody."""
_QUESTION = 0.38
"""Share of the neutral posts that ask something."""
_COPY = 0.10
"""Share of an event's posts that copy another word for word."""
_SPREAD = 0.015
_OWN_POSTS_A_MINUTE = 8 / (12 * 60)


class Talk:
    """The talk about one brand. Ask for its minutes in order, each once."""

    def __init__(self, brand: BrandTalk, seed: int, *, number: int) -> None:
        handle, name, followers = brand_facts(brand.key)
        self._brand = brand
        self._rhythm = Rhythm(brand, seed)
        self._chance = Chance(seed, brand.key, "talk")
        self._people = People(seed, brand.key, number=number, size=_PEOPLE)
        self._own = Person(str(9_000 + number), handle, name, followers)
        self.voice = OwnVoice(brand, seed, self._own)
        """What the brand says in its planted crises."""
        self._recent: deque[Draft] = deque(maxlen=_REMEMBERED)
        self._recent_event: deque[Draft] = deque(maxlen=_REMEMBERED)

    def minute(self, start_ms: int) -> list[Draft]:
        """Return the posts of the minute that starts at ``start_ms``, in order of time."""
        minute = self._rhythm.minute(start_ms)
        chance = self._chance
        slots: list[tuple[int, Planted | None]] = [
            (start_ms + chance.below(_MINUTE_MS), None) for _ in range(minute.ordinary)
        ]
        slots += [(start_ms + chance.below(_MINUTE_MS), minute.event) for _ in range(minute.about_event)]
        slots.sort(key=lambda slot: slot[0])
        drafts = self._own_posts(start_ms)
        for time_ms, event in slots:
            if event is None:
                drafts.append(self._ordinary(time_ms, minute.negative))
            else:
                drafts.append(self._of_event(time_ms, event))
        return sorted(drafts, key=lambda draft: draft.time_ms)

    def _own_posts(self, start_ms: int) -> list[Draft]:
        """Return the brand's announcements in office hours, and what it says about a planted event."""
        brand, chance = self._brand, self._chance
        hour = (start_ms // 3_600_000 + brand.utc_offset_hours) % 24
        language = brand.languages[0][0]
        handled = [event for event in brand.events if event.handling is not None]
        posts: list[tuple[str, bool]] = []
        if 8 <= hour < 20 and chance.happens(_OWN_POSTS_A_MINUTE):
            # In a crisis, nobody posts what was planned for a quiet day.
            withheld = any(event.start_ms <= start_ms < event.end_ms for event in handled)
            posts.append((brand_wording(brand.key, language).say("official", chance), withheld))
        for event in brand.events:
            unsaid = event.handling.unsaid if event.handling is not None else ()
            for number, after_ms in enumerate(event.statements_ms):
                if start_ms <= event.start_ms + after_ms < start_ms + _MINUTE_MS:
                    text = brand_wording(brand.key, language, event.id).say_item("official", number, chance)
                    posts.append((text, number in unsaid))
        return [
            Draft(
                brand=brand.key,
                time_ms=start_ms + chance.below(_MINUTE_MS),
                author=self._own,
                text=text,
                language=language,
                tone=SentimentLabel.NEUTRAL,
                withheld=withheld,
            )
            for text, withheld in posts
        ]

    def _ordinary(self, time_ms: int, negative: float) -> Draft:
        chance = self._chance
        if self._recent and chance.happens(_RETWEET):
            return self._retweet(time_ms, self._recent)
        language = self._language()
        words = brand_wording(self._brand.key, language)
        way = chance.unit()
        if way < _SPAM and words.has("spam"):
            return self._post(time_ms, language, words.say("spam", chance), SentimentLabel.NEUTRAL)
        if way < _SPAM + _AMBIGUOUS and words.has("ambiguous"):
            return self._post(time_ms, language, words.say("ambiguous", chance), SentimentLabel.NEUTRAL)
        if way > 1 - _ANSWERED and self._recent:
            return self._answer(time_ms, words)
        draft = self._opinion(time_ms, language, words, self._tone(negative))
        self._recent.append(draft)
        return draft

    def _opinion(self, time_ms: int, language: str, words: Wording, tone: SentimentLabel) -> Draft:
        chance = self._chance
        if self._recent and chance.happens(_QUOTE):
            text = f"{words.say(f'quote_{tone}', chance)} {words.say('brand', chance)}"
            draft = self._post(time_ms, language, self._finish(text, words, tone), tone)
            draft.kind, draft.about = TweetKind.QUOTE, self._pick(self._recent)
            return draft
        asks = tone is SentimentLabel.NEUTRAL and chance.happens(_QUESTION)
        bank = "question" if asks else tone.value
        direct = f"direct_{bank}"
        if words.has(direct) and chance.happens(_DIRECT):
            return self._direct(time_ms, language, words, direct, tone)
        text = self._finish(words.say(bank, chance), words, tone)
        return self._post(time_ms, language, text, tone)

    def _direct(self, time_ms: int, language: str, words: Wording, bank: str, tone: SentimentLabel) -> Draft:
        text = self._finish(f"@{self._own.handle} {words.say(bank, self._chance)}", words, tone)
        draft = self._post(time_ms, language, text, tone)
        draft.kind, draft.answers = TweetKind.REPLY, self._own
        return draft

    def _of_event(self, time_ms: int, event: Planted) -> Draft:
        chance, brand = self._chance, self._brand
        if self._recent_event and chance.happens(event.retweets):
            return self._retweet(time_ms, self._recent_event)
        language = brand.languages[0][0]
        crisis = event.kind is Kind.CRISIS
        if crisis and not chance.happens(event.negative):
            words = brand_wording(brand.key, language)
            return self._opinion(time_ms, language, words, SentimentLabel.NEUTRAL)
        tone = SentimentLabel.NEGATIVE if crisis else SentimentLabel.POSITIVE
        words = brand_wording(brand.key, language, event.id)
        if self._recent_event and chance.happens(_COPY):
            return self._post(time_ms, language, chance.pick(self._recent_event).text, tone)
        if chance.happens(_DIRECT):
            draft = self._direct(time_ms, language, words, "direct", tone)
        elif chance.happens(_SPREAD):
            draft = self._post(time_ms, language, words.say("spread", chance), tone)
        else:
            draft = self._post(time_ms, language, self._finish(words.say("posts", chance), words, tone), tone)
        if chance.happens(0.3):
            draft.text = f"{draft.text} {words.say('hashtags', chance)}"[:MAX_CHARS]
        self._recent_event.append(draft)
        return draft

    def _answer(self, time_ms: int, words: Wording) -> Draft:
        to = self._chance.pick(self._recent)
        return Draft(
            brand=self._brand.key,
            time_ms=time_ms,
            author=self._own,
            text=f"@{to.author.handle} {words.say('official_reply', self._chance)}"[:MAX_CHARS],
            language=to.language,
            tone=SentimentLabel.NEUTRAL,
            kind=TweetKind.REPLY,
            about=to,
            answers=to.author,
        )

    def _retweet(self, time_ms: int, recent: deque[Draft]) -> Draft:
        of = self._pick(recent)
        of.retweeted += 1
        draft = self._post(time_ms, of.language, of.text, of.tone)
        draft.kind, draft.about = TweetKind.RETWEET, of
        return draft

    def _pick(self, recent: deque[Draft]) -> Draft:
        """Pick the post that most people would have seen, of three."""
        return max((self._chance.pick(recent) for _ in range(3)), key=lambda d: (d.author.followers, d.time_ms))

    def _post(self, time_ms: int, language: str, text: str, tone: SentimentLabel) -> Draft:
        return Draft(
            brand=self._brand.key,
            time_ms=time_ms,
            author=self._people.someone(self._chance),
            text=text[:MAX_CHARS],
            language=language,
            tone=tone,
        )

    def _finish(self, text: str, words: Wording, tone: SentimentLabel) -> str:
        chance = self._chance
        text = roughen(text, chance)
        if chance.happens(0.2):
            text = f"{text} {words.say(f'emoji_{tone}', chance)}"
        if chance.happens(0.06):
            text = f"{text} #{self._own.handle}"
        return text

    def _tone(self, negative: float) -> SentimentLabel:
        u = self._chance.unit()
        if u < negative:
            return SentimentLabel.NEGATIVE
        return SentimentLabel.POSITIVE if u > 1 - self._brand.positive else SentimentLabel.NEUTRAL

    def _language(self) -> str:
        u = self._chance.unit()
        for language, share in self._brand.languages:
            u -= share
            if u < 0:
                return language
        return self._brand.languages[0][0]
