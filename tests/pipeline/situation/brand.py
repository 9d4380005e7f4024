"""A brand whose crisis is staged minute by minute, and what its keeper tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from msgspec import structs

from pipeline.bucket import ClosedBucket
from pipeline.detection import Outcome
from pipeline.detection.brief import Brief
from pipeline.detection.standing import Standing
from pipeline.openbucket import OpenBucket
from pipeline.playbook import Action, Check, Playbook, Rhythm
from pipeline.settings import EngineSettings
from pipeline.situation.keeper import SituationKeeper
from pipeline.windows import NO_MENTIONS
from schemas.crisis import Concern, CrisisEvent
from schemas.ids import crisis_id
from schemas.mention import Mention
from schemas.situation import CommunicationOverdue, Practice, Situation
from schemas.tweet import TweetKind
from schemas.window import WINDOW_NAMES, Detection, Level
from tests.pipeline.logs import MINUTE_MS, START_MS, mention

RHYTHMS = {
    Level.ALERT: Rhythm(update_every_minutes=60, report_every_minutes=60),
    Level.CRISIS: Rhythm(update_every_minutes=30, report_every_minutes=30),
    Level.SEVERE: Rhythm(update_every_minutes=15, report_every_minutes=15),
}
WORDS = {"en": "Do it"}


def action(check: Check, *, level: Level = Level.ALERT, within: int | None = 30) -> Action:
    return Action(
        id=f"{check}-{level}",
        practice=Practice.STAY_CALM,
        level=level,
        what=WORDS,
        who=WORDS,
        within_minutes=within,
        check=check,
    )


def settings(*actions: Action) -> EngineSettings:
    playbook = Playbook(rhythms=RHYTHMS, actions=actions or tuple(map(action, Check)), fingerprint="made up")
    return EngineSettings(playbook=playbook)


def concern(phrase: str, *others: str) -> Concern:
    return Concern(phrase=phrase, count=9, share=0.5, usual_share=0.01, phrases=(phrase, *others))


def question(tweet_id: int | str, at_s: int, **changes: Any) -> Mention:
    base = mention(
        tweet_id=str(tweet_id), time_ms=START_MS + at_s * 1000, question=True, matched=("@acme",), author=hash(tweet_id)
    )
    return structs.replace(base, **{"author": int(tweet_id) * 7919 if str(tweet_id).isdigit() else 1, **changes})


def update(tweet_id: int, at_s: int, **changes: Any) -> Mention:
    base = mention(tweet_id=str(tweet_id), time_ms=START_MS + at_s * 1000, official=True, matched=("@acme",))
    return structs.replace(base, **changes)


def answer(tweet_id: int, at_s: int, *, thread: str | None = None, to: str | None = None, **changes: Any) -> Mention:
    base = update(tweet_id, at_s, kind=TweetKind.REPLY, conversation_id=thread, in_reply_to_id=to)
    return structs.replace(base, **changes)


class Brand:
    """A keeper, the minutes that it has seen, and what it told."""

    def __init__(self, engine: EngineSettings | None = None) -> None:
        self.settings = engine or settings()
        self.keeper = SituationKeeper(self.settings)
        self.brief = Brief(calm_minutes_needed=360)
        self.asked_for_brief = 0
        self.minute = 0
        self.opened_ms = self.alert_ms = 0
        self.peak = Level.CALM
        self.told: list[Situation | CommunicationOverdue] = []

    @property
    def now_ms(self) -> int:
        return START_MS + self.minute * MINUTE_MS

    def close(
        self,
        level: Level = Level.CALM,
        mentions: Iterable[Mention] = (),
        *,
        observed: bool = True,
        heard: bool = True,
        steps: Sequence[CrisisEvent] = (),
        **standing: Any,
    ) -> list[Situation | CommunicationOverdue]:
        """Close a minute at whose end the brand is at a level."""
        self.minute += 1
        bucket = OpenBucket()
        for each in mentions:
            bucket.fold(each)
        counts = replace(NO_MENTIONS, volume=bucket.volume, negative=bucket.negative, reach=bucket.reach)
        told = self.keeper.observe(
            ClosedBucket(
                brand="acme",
                end_ms=self.now_ms,
                observed=observed,
                windows=dict.fromkeys(WINDOW_NAMES, counts),
                own_posts_24h=0,
                unobserved_minutes=0,
                heard=heard,
            ),
            bucket,
            Outcome(detection=self._detection(level), events=tuple(steps)),
            self._standing(level, standing),
            self._brief,
        )
        self.told += told
        return told

    def run(self, minutes: int, level: Level, **changes: Any) -> list[Situation | CommunicationOverdue]:
        """Close so many minutes without a mention."""
        return [each for _ in range(minutes) for each in self.close(level, **changes)]

    def restart(self) -> None:
        """Go on from the state, as after a restart."""
        self.keeper = SituationKeeper.restore(self.settings, self.keeper.state())

    def situations(self) -> list[Situation]:
        return [each for each in self.told if isinstance(each, Situation)]

    def _brief(self) -> Brief:
        self.asked_for_brief += 1
        return self.brief

    def _standing(self, level: Level, changes: dict[str, Any]) -> Standing | None:
        if level is Level.CALM:
            self.opened_ms = self.alert_ms = 0
            self.peak = Level.CALM
            return None
        self.opened_ms = self.opened_ms or self.now_ms
        if level >= Level.ALERT:
            self.alert_ms = self.alert_ms or self.now_ms
        self.peak = max(self.peak, level)
        standing = Standing(crisis_id("acme", self.opened_ms), level, self.peak, self.opened_ms, self.alert_ms)
        return standing._replace(**changes)

    @staticmethod
    def _detection(level: Level) -> Detection:
        return Detection(
            level=level,
            score=1.5,
            expected_1h=10.0,
            low_1h=4.0,
            high_1h=20.0,
            negative_share_expected=0.2,
            learning=1.0,
        )


def shuffled(rng: Random, mentions: Iterable[Mention]) -> list[Mention]:
    """Return mentions in another order of arrival."""
    found = list(mentions)
    rng.shuffle(found)
    return found
