"""Brand-years at the level of counts: minutes of talk without texts, for what a year of many brands takes to measure.

Ordinary traffic is as restless as real traffic was measured to be, harmless events and crises are planted in it, and
sentiment is read with the errors of a reader. `brand_years` says who, `plan` what happens, `talk` draws the minutes,
`buckets` hands them to a detector as track would.
"""

from pipeline.simulate.years.brand import BrandYear, brand_years
from pipeline.simulate.years.buckets import buckets
from pipeline.simulate.years.happenings import Happening, HappeningKind
from pipeline.simulate.years.plan import plan_crises, plan_harmless
from pipeline.simulate.years.reader import SHIPPED_READER, Reader
from pipeline.simulate.years.traffic import Traffic, talk

__all__ = [
    "SHIPPED_READER",
    "BrandYear",
    "Happening",
    "HappeningKind",
    "Reader",
    "Traffic",
    "brand_years",
    "buckets",
    "plan_crises",
    "plan_harmless",
    "talk",
]
