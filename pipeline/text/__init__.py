"""Reading tweets: language, sentiment, entities, key phrases, questions, exact repeats.

`TextAnalyzer` is the interface, `StandardAnalyzer` the implementation by word lists. Importing loads nothing;
models are read at first use.
"""

from pipeline.text.analyzer import StandardAnalyzer, TextAnalysis, TextAnalyzer

__all__ = ["StandardAnalyzer", "TextAnalysis", "TextAnalyzer"]
