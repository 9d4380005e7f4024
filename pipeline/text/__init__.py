"""Reading tweets: language, sentiment, entities, key phrases, questions, exact and near repeats.

`TextAnalyzer` is the interface, `StandardAnalyzer` the implementation: readers over one `vocabulary`, in which each
distinct token is worked out once. `models` and `plugged` let a team bring models of its own. Importing loads nothing;
models are read at first use.
"""

from pipeline.text.analyzer import StandardAnalyzer, TextAnalysis, TextAnalyzer

__all__ = ["StandardAnalyzer", "TextAnalysis", "TextAnalyzer"]
