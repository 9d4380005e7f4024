"""The watchlist: which brands to look for, and how a tweet is found to speak of one.

A watchlist is a TOML file (`Watchlist.load`). Matching is one automaton for all brands: its cost hardly
depends on how many names they have.
"""

from pipeline.watchlist.folding import fold
from pipeline.watchlist.matching import BrandMatch, MatchSpan, Watchlist
from pipeline.watchlist.model import Alias, Brand, WatchlistError

__all__ = ["Alias", "Brand", "BrandMatch", "MatchSpan", "Watchlist", "WatchlistError", "fold"]
