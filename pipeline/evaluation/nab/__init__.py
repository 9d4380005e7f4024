"""The Numenta Anomaly Benchmark: its data, its score, its results layout.

A. Lavin, S. Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark", ICMLA 2015,
arXiv 1510.03336; github.com/numenta/NAB.
"""

from pipeline.evaluation.nab.corpus import Corpus, CorpusError, CorpusMissing, Series
from pipeline.evaluation.nab.evaluation import anomaly_scores, evaluate, write_results

__all__ = ["Corpus", "CorpusError", "CorpusMissing", "Series", "anomaly_scores", "evaluate", "write_results"]
