"""What the browser is shown: several crises, one crisis by itself, and what hostile people might write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipeline.report import build_report
from schemas.crisis import Concern, CrisisEvent
from schemas.ids import crisis_id
from schemas.situation import CrisisRecord
from schemas.window import WindowClosed
from tests.pipeline.report import made

__all__ = ["HOSTILE_TEXTS", "page_of"]

_OPENED, _LATER = 900, 1300
_EVIL = (
    "<script>alert('x')</script><img src=http://evil.test/x onerror=alert(1)>"
    "\u202edesrever\u2066\u200b" + "W" * 300 + "\ud800\x00"
)
HOSTILE_TEXTS = {"1888910204517801984": _EVIL, "1888910204517801990": "\u202e\u202e" + "\u202eאבג" * 90}


def _windows(brands: Iterable[str]) -> list[WindowClosed]:
    """A day of minutes; the first brand has five hours of crisis in it."""
    windows = []
    for n, brand in enumerate(brands):
        for minute in range(1, 1440):
            hit = n == 0 and _OPENED - 10 < minute < _OPENED + 300
            volume = 50 + minute * 7 % 40 + (300 if hit else 0)
            level = 3 if hit and minute > _OPENED + 10 else 0
            window = made.window(minute, brand=brand, volume=volume, negative=250 if hit else 20, level=level)
            score = 6.0 if hit else 0.5
            windows.append(replace(window, detection=replace(window.detection, score=score)))
    return windows


def _several() -> list[CrisisRecord]:
    over: list[CrisisRecord] = [*made.crisis("1233333333333333333333333333210")]
    over += [made.situation(n, minute=_OPENED + 15 + 30 * n, final=n == 9) for n in range(10)]
    over += [made.overdue(1), made.overdue(2, minute=1071)]
    still_open: list[CrisisRecord] = [*made.crisis("1233", brand="other", minute=_LATER)]
    still_open += [made.situation(n, brand="other", opened=_LATER, minute=_LATER + 15 + 15 * n) for n in range(3)]
    return [*over, *still_open, *made.crisis("110", minute=300)]


def _hostile() -> list[CrisisRecord]:
    concern = Concern(
        phrase=_EVIL, count=3, share=0.5, usual_share=0.0, phrases=(_EVIL, _EVIL + "2"), exemplars=(_EVIL,)
    )
    steps: list[CrisisEvent] = made.crisis("1233", brand=_EVIL, hashtags=(_EVIL,), concerns=(concern,), model=_EVIL)
    told = made.situation(0, brand=_EVIL, label=_EVIL)
    hashtags = tuple(replace(rising, hashtag=_EVIL, exemplars=(_EVIL,)) for rising in told.hashtags)
    duties = tuple(replace(duty, what={"xx": _EVIL}, who={}) for duty in told.duties)
    told = replace(told, hashtags=hashtags, duties=duties, concerns=(concern,), languages={_EVIL: 3})
    later = replace(told, id="later", sequence=1, time=made.at(1050))
    return [*steps, told, later]


def page_of(scene: str, lang: str, texts: Mapping[str, str] | None = None) -> str:
    """Return the report of a scene."""
    hostile = scene == "hostile"
    brands = (_EVIL,) if hostile else ("acme", "other")
    return build_report(
        _windows(brands),
        _hostile() if hostile else _several(),
        title=_EVIL if hostile else "Acme, 10–11 February",  # noqa: RUF001 - an en dash, as people write
        generated_from=_EVIL if hostile else "vigie replay tweets.jsonl",
        lang=lang,
        names={} if hostile else {"acme": "Acme Télécom", "other": "Other"},
        texts=texts,
        crisis_id=crisis_id("acme", made.START_MS + _OPENED * made.MINUTE_MS) if scene == "one" else None,
    )
