"""The polarity of tweets, learned: negative, neutral or positive, in thousandths.

`PolarityModel` reads, `pipeline.text.sentiment.training` trains; importing loads no model and no scipy.
"""

from pipeline.text.sentiment.model import GROUPS, UNIT, Explained, PolarityModel, Tables, group_of, load_model

__all__ = ["GROUPS", "UNIT", "Explained", "PolarityModel", "Tables", "group_of", "load_model"]
