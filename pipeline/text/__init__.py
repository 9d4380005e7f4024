"""Reading tweets: language, sentiment, entities, key phrases, questions, exact repeats.

`TextAnalyzer` is the interface, `LexiconAnalyzer` the implementation by word lists. Importing loads nothing;
models are read at first use.
"""

from pipeline.text.analyzer import LexiconAnalyzer, TextAnalysis, TextAnalyzer

__all__ = ["LexiconAnalyzer", "TextAnalysis", "TextAnalyzer"]
