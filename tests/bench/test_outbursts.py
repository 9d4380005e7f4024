import doctest

import tests.bench.outbursts
from pipeline.engine import Engine
from pipeline.records import Record
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.times import from_rfc3339
from tests.bench.load import START_MS
from tests.bench.outbursts import Outbursts, brand_key, brand_name, watchlist
from tests.bench.pasts import keyed, learnt_states
from tests.bench.state import Kind

BRANDS, FIRST, MINUTES = 12, 1, 4
MINUTE_MS = 60_000


def test_docstrings() -> None:
    assert doctest.testmod(tests.bench.outbursts).failed == 0


def test_ten_thousand_brands_have_names_that_differ() -> None:
    assert len({brand_name(number) for number in range(10_000)}) == 10_000


def test_nearly_every_brand_has_its_crisis_when_its_minute_is_closed_and_none_at_another() -> None:
    engine = Engine(EngineSettings(), Watchlist.parse(f"version = 1\n{watchlist(BRANDS)}"), StandardAnalyzer())
    states = learnt_states(Kind(brands=1, a_minute=2.0, share=0), 1)
    for key, _, value in keyed([brand_key(number) for number in range(BRANDS)], states, 1):
        engine.tracker.restore(key.decode(), value)
    outbursts = Outbursts(BRANDS, first=FIRST, minutes=MINUTES)
    opened: dict[str, int] = {}
    offset = 0
    for minute in range(FIRST + MINUTES + 2):
        records = []
        said = list(outbursts.minute(minute))
        for at, (number, tone) in enumerate(said):
            time_ms = START_MS + minute * MINUTE_MS + at * MINUTE_MS // len(said)
            records.append(Record(offset, time_ms, None, outbursts.line(number, tone, time_ms)))
            offset += 1
        for event in engine.process(records).events:
            if isinstance(event, CrisisEvent) and event.type is CrisisEventType.OPENED:
                opened[event.brand] = (from_rfc3339(event.time) - START_MS) // MINUTE_MS - 1
    assert not engine.tracker.problems
    assert opened.items() <= {brand_key(number): FIRST + number % MINUTES for number in range(BRANDS)}.items()
    assert len(opened) >= BRANDS * 3 / 4
