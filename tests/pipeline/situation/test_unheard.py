"""Of a brand whose accounts nobody has named it is not known what it says."""

from collections.abc import Collection

from pipeline.engine import Engine
from pipeline.explain import Rebuild
from pipeline.settings import EngineSettings
from pipeline.text import StandardAnalyzer
from pipeline.tracker import Tracker
from pipeline.watchlist import Watchlist
from schemas.mention import Origin
from schemas.situation import CommunicationOverdue, Situation
from tests.pipeline.feedback.said import SETTINGS, LevelDetector
from tests.pipeline.logs import MINUTE_MS, START_MS, mention, watermark

WATCHLIST = Watchlist.parse('version = 1\n[brands.acme]\naliases = ["Acme"]\n[brands.globex]\nofficial = ["globex"]\n')


def overdue_after_an_alert(unheard: Collection[str]) -> int:
    """Return how often it was said that an update is overdue in 70 minutes of an alert, of which there are reports."""
    tracker = Tracker(EngineSettings(detection=SETTINGS), 0, LevelDetector, unheard=unheard)
    records = [
        mention(tweet_id=str(n), time_ms=START_MS + n // 2 * MINUTE_MS, origin=Origin(partition=0, offset=n))
        for n in range(140)
    ]
    events = tracker.step([*records, watermark(START_MS + 70 * MINUTE_MS, 140)]).events
    assert any(isinstance(event, Situation) for event in events)
    return sum(isinstance(event, CommunicationOverdue) for event in events)


def test_only_of_a_brand_with_an_account_of_its_own_it_is_said_that_an_update_is_overdue() -> None:
    assert overdue_after_an_alert(()) == 1
    assert overdue_after_an_alert(WATCHLIST.unheard) == 0


def test_replay_and_explain_know_which_brands_have_accounts() -> None:
    assert WATCHLIST.unheard == {"acme"}
    engine = Engine(EngineSettings(), WATCHLIST, StandardAnalyzer())
    rebuild = Rebuild(EngineSettings(), WATCHLIST, StandardAnalyzer())
    assert engine.tracker.unheard == rebuild._tracker.unheard == {"acme"}
