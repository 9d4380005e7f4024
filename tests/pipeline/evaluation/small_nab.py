"""A benchmark of our own making, laid out as NAB is, small enough for tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from schemas.codec import encode

__all__ = ["ROWS", "small_nab", "time_of"]

ROWS = 600
_FIRST = datetime(2015, 2, 26, 21, 42, 53, tzinfo=UTC)
_PROFILES = {
    "standard": (1.0, 1.0, 0.11),
    "reward_low_FP_rate": (1.0, 1.0, 0.22),
    "reward_low_FN_rate": (1.0, 2.0, 0.11),
}


def time_of(row: int) -> str:
    return f"{_FIRST + timedelta(minutes=5 * row):%Y-%m-%d %H:%M:%S}"


def small_nab(folder: Path) -> Path:
    """Three brands with a surge at row 400, labelled from row 390 to 450; one brand has labels and no data."""
    window = [f"{time_of(390)}.000000", f"{time_of(450)}.000000"]
    labels: dict[str, Any] = {
        f"realTweets/Twitter_volume_{brand}.csv": [window] for brand in ("AAA", "BBB", "CCC", "GONE")
    }
    labels["realTraffic/speed_7578.csv"] = []
    labels["realTraffic/Twitter_volume_AAA_copy.csv"] = []
    labels["artificial/speed_7578.csv"] = []
    for number, name in enumerate(labels):
        if "GONE" not in name:
            _series(folder / "data" / name, number)
    (folder / "labels").mkdir()
    (folder / "labels" / "combined_windows.json").write_bytes(encode(labels))
    weights = {
        name: {"CostMatrix": dict(zip(("tpWeight", "fnWeight", "fpWeight"), costs, strict=True))}
        for name, costs in _PROFILES.items()
    }
    (folder / "config").mkdir()
    (folder / "config" / "profiles.json").write_bytes(encode(weights))
    return folder


def _series(path: Path, seed: int) -> None:
    rng = Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    values = [rng.randint(0, 9) + (80 if 400 <= row < 412 else 0) for row in range(ROWS)]
    path.write_text("timestamp,value\n" + "".join(f"{time_of(row)},{value}\n" for row, value in enumerate(values)))
