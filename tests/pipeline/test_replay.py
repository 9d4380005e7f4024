from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.archive import ArchiveRecord
from pipeline.authorhash import AuthorHasher
from pipeline.engine import Engine, EngineStep
from pipeline.erasure import named_ids
from pipeline.records import LogRecord
from pipeline.replay import CRISES_FILE, replay
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.watchlist import Watchlist
from schemas.codec import encode, encode_line
from schemas.crisis import CrisisEvent, Exemplar
from schemas.reading import read_crisis
from tests.schemas.events import CRISIS, NOON, NOON_MS

SETTINGS = EngineSettings()
HASH = AuthorHasher(SETTINGS.author_key).of("x", "3", NOON_MS)
NAMES = ("7", "8", "9")
EVENT = replace(
    CRISIS,
    evidence=replace(CRISIS.evidence, exemplars=tuple(Exemplar(tweet_id=name, engagement=1) for name in NAMES)),
    authors={"7": 1, "8": 2, "9": HASH},
)


class Eventful(Engine):
    """Says of every chunk the same event."""

    def process(self, records: Sequence[LogRecord]) -> EngineStep:
        return replace(super().process(records), events=[EVENT])


def replayed(folder: Path, *payloads: object) -> list[bytes]:
    engine = Eventful(SETTINGS, Watchlist.parse('version = 1\n[brands.acme]\nhandles = ["acme"]\n'), StandardAnalyzer())
    log = [ArchiveRecord(key=None, value=encode(payload), time_ms=None) for payload in payloads]
    for _ in replay(engine, log, folder, read_at_ms=NOON_MS + 10**10):
        pass
    assert not list(folder.glob("*.part"))
    return (folder / CRISES_FILE).read_bytes().splitlines(keepends=True)


def test_a_compliance_message_holds_for_all_of_the_log(tmp_path: Path) -> None:
    gone = {"data": {"delete": {"tweet": {"id": "7"}, "event_at": NOON}}}
    account = {"data": {"user_protect": {"user": {"id": "3"}, "event_at": NOON}}}
    quiet = {"limit": {"track": 1}}
    lines = replayed(tmp_path, *[quiet] * 1500, gone, account)

    events: list[CrisisEvent] = [read_crisis(line) for line in lines]
    assert [named_ids(event) for event in events] == [{"8"}, {"8"}]
    assert events[0].authors == {"8": 2}
    assert replace(events[0].evidence, exemplars=()) == replace(EVENT.evidence, exemplars=())


def test_without_one_every_line_is_as_it_was_said(tmp_path: Path) -> None:
    undelete = {"undelete": {"status": {"id_str": "7"}}}
    assert replayed(tmp_path, undelete) == [encode_line(EVENT)]
