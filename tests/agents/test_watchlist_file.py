from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.metrics import Metrics
from agents.watchlist import WatchlistFile
from pipeline.watchlist import WatchlistError

ONE = 'version = 1\n[brands.acme]\nname = "Acme"\naliases = ["Acme"]\n'
TWO = ONE + '[brands.umbra]\nname = "Umbra"\naliases = ["Umbra"]\n'


def write(path: Path, text: str) -> None:
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(stamp + 1_000_000_000, stamp + 1_000_000_000))


def test_a_changed_file_is_in_force_after_the_next_look(tmp_path: Path) -> None:
    path, metrics = tmp_path / "watchlist.toml", Metrics()
    write(path, ONE)
    watchlist = WatchlistFile(path, metrics)
    assert not watchlist.reload_if_changed()
    write(path, TWO)
    assert watchlist.reload_if_changed()
    assert list(watchlist.current.brands) == ["acme", "umbra"]
    assert metrics.watchlist_brands._value.get() == 2


def test_a_file_that_became_wrong_or_went_away_changes_nothing_but_a_metric(tmp_path: Path) -> None:
    path, metrics = tmp_path / "watchlist.toml", Metrics()
    write(path, ONE)
    watchlist = WatchlistFile(path, metrics)
    write(path, "version = 1\n[brands.acme]\nalises = []\n")
    assert not watchlist.reload_if_changed()
    path.unlink()
    assert not watchlist.reload_if_changed()
    assert list(watchlist.current.brands) == ["acme"]
    assert metrics.reload_successful.labels("watchlist")._value.get() == 0
    write(path, TWO)
    assert watchlist.reload_if_changed()
    assert metrics.reload_successful.labels("watchlist")._value.get() == 1


def test_a_wrong_file_at_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WatchlistError, match=r"missing\.toml"):
        WatchlistFile(tmp_path / "missing.toml", Metrics())
