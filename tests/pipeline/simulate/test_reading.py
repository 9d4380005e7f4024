"""What is simulated is read by the pipeline's own front end as a real feed would be."""

from collections import Counter

from pipeline.formats import parse
from pipeline.simulate import SimulatedTweet, default_scenario, demo_watchlist
from pipeline.simulate.wording import brand_facts
from pipeline.watchlist import Watchlist

MAX_BYTES = 1_048_576


def test_good_records_parse_with_their_own_id_and_second(demo: list[SimulatedTweet]) -> None:
    for simulated in demo[:5_000]:
        if simulated.brand is None:
            continue
        (tweet,) = parse(simulated.value, max_bytes=MAX_BYTES).tweets
        assert tweet.id.encode() == simulated.key
        assert tweet.created_at_ms // 1000 == simulated.time_ms // 1000
        assert tweet.author_followers >= 0
        assert tweet.author_handle


def test_broken_records_become_dead_letters_for_several_reasons(demo: list[SimulatedTweet]) -> None:
    reasons: Counter[str] = Counter()
    for simulated in demo:
        if simulated.brand is None:
            parsed = parse(simulated.value, max_bytes=MAX_BYTES)
            assert parsed.tweets == ()
            reasons.update(reject.reason for reject in parsed.rejects)
    assert reasons.total() == sum(t.brand is None for t in demo)
    assert len(reasons) >= 3


def test_the_watchlist_names_the_simulated_brands_and_their_accounts() -> None:
    watchlist = Watchlist.parse(demo_watchlist(), "watchlist.toml")
    assert sorted(watchlist.brands) == sorted(brand.key for brand in default_scenario().brands)
    for key, brand in watchlist.brands.items():
        handle, name, _ = brand_facts(key)
        assert brand.name == name
        assert handle in brand.official


def test_the_watchlist_finds_nearly_every_tweet_and_leaves_namesakes_alone(
    demo: list[SimulatedTweet],
) -> None:
    watchlist = Watchlist.parse(demo_watchlist(), "watchlist.toml")
    found: Counter[str] = Counter()
    for simulated in demo[:8_000]:
        if simulated.brand is None:
            continue
        (tweet,) = parse(simulated.value, max_bytes=MAX_BYTES).tweets
        brands = [match.brand for match in watchlist.match(tweet)]
        if any(word in tweet.text.lower() for word in ("nimbus 2000", "lake volta", "récif", "rouge corail")):
            assert brands == []
            found["namesake"] += 1
        else:
            found["hit" if simulated.brand in brands else "miss"] += 1
    assert found["namesake"] > 20
    assert found["miss"] < 0.02 * found["hit"]
