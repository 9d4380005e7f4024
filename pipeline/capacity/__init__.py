"""How many workers, how much memory, broker and disk a number of tweets asks for.

ADR: the machine's part and the formula's part are kept apart. `Coefficients` are what a record costs, measured by the
bench on a machine that is named; `size` multiplies them with a `Demand`. Nothing in it is fitted to the case that is
asked about, so the same formula is held against runs that it has not seen, and the error is published beside it.
"""

from pipeline.capacity.coefficients import Check, Coefficients, Measured, Observation
from pipeline.capacity.formula import Demand, Sizing, enrich_us_a_tweet, size, track_us_a_mention
from pipeline.capacity.words import Line, as_text, working

__all__ = [
    "Check",
    "Coefficients",
    "Demand",
    "Line",
    "Measured",
    "Observation",
    "Sizing",
    "as_text",
    "enrich_us_a_tweet",
    "size",
    "track_us_a_mention",
    "working",
]
