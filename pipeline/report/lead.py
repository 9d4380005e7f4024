"""The most important things, said first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.report.episodes import Episode
from pipeline.report.phrasing import Phrasing, plain

__all__ = ["lead", "watched_rows"]

Numbered = tuple[int, Episode]


def lead(numbered: Sequence[Numbered], names: Mapping[str, str], phrasing: Phrasing, *, asked: bool) -> str:
    """Say how many crises there were, which was the worst, and whether they are over.

    `asked` is whether one crisis was asked for by its ID.
    """
    words = phrasing.words
    if not numbered:
        return words["lead_absent" if asked else "lead_none"]
    one = len(numbered) == 1
    worst = min((e for _, e in numbered), key=lambda e: (-e.peak_level, e.opened_ms))
    still_open = sum(e.is_open for _, e in numbered)
    told = [
        words["lead_single"] if one else phrasing.say("lead_many", number=phrasing.whole(len(numbered))),
        phrasing.say(
            "lead_it" if one else "lead_worst",
            brand=plain(names.get(worst.brand, worst.brand)),
            moment=phrasing.at(worst.opened_ms),
            level=int(worst.peak_level),
            name=phrasing.level(worst.peak_level),
        ),
    ]
    if still_open and not one:
        told.append(phrasing.say("lead_open_many", number=phrasing.whole(still_open)))
    else:
        told.append(words[f"lead_{'open' if still_open else 'over'}_{'one' if one else 'many'}"])
    return " ".join(told)


def watched_rows(
    watched: Sequence[Episode], names: Mapping[str, str], phrasing: Phrasing
) -> list[tuple[str, str, str, str, str]]:
    """Return brand, opening, length, and volume and negative share beside what was expected."""
    return [_watched(episode, names, phrasing) for episode in watched]


def _watched(episode: Episode, names: Mapping[str, str], phrasing: Phrasing) -> tuple[str, str, str, str, str]:
    length = phrasing.duration(episode.last_ms - episode.opened_ms)
    evidence = episode.height.evidence
    return (
        plain(names.get(episode.brand, episode.brand)),
        phrasing.at(episode.opened_ms),
        phrasing.say("lasted_open", length=length) if episode.is_open else length,
        f"{phrasing.whole(evidence.observed.volume)} / {phrasing.whole(evidence.expected_volume)}",
        f"{phrasing.percent(evidence.negative_share)} / {phrasing.percent(evidence.negative_share_expected)}",
    )
