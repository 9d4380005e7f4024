"""``vigie eval nab``: Vigie and published rules on the Numenta Anomaly Benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from agents import exits
from agents.cli.console import fail, print_json, progress_bar
from pipeline.evaluation import Contender, Misbehaves, detectors
from pipeline.evaluation.nab import Corpus, CorpusError, CorpusMissing, anomaly_scores, write_results
from pipeline.evaluation.nab import evaluate as figures_of
from pipeline.evaluation.nab.scoring import Floats

__all__ = ["nab"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--series",
    metavar="A,B",
    multiple=True,
    help="Which: AAPL, Twitter_volume_AAPL, a path, or a category. [default: all of realTweets that have data]",
)
@click.option("--results", metavar="OUT", type=click.Path(path_type=Path), help="Write all scores in NAB's layout.")
def nab(folder: Path, series: tuple[str, ...], results: Path | None) -> None:
    """Score on the Numenta Anomaly Benchmark, Vigie and published rules alike.

    \b
    DIR is laid out as the NAB repository:
    data/CATEGORY/*.csv           timestamp,value
    labels/combined_windows.json
    config/profiles.json

    \b
    What comes out, for each detector and profile:
    optimised      NAB's score: the threshold that is best for all series together
    leave_one_out  each series at the threshold that is best for the others
    leave_two_out  mean over all pairs, each at the best threshold of the others
    default        at the threshold that the detector comes with
    100 is perfect, 0 no alarm at all; less is worse than that.

    \b
    windows          labelled ones that can be hit, after the first 15 %
    false_positives  rows outside them that are alarms
    threshold        of anomaly scores from 0 to 1: s / (s + the detector's own),
                     so that 0.5 is where it raises an alarm

    With --results each detector's scores are written to
    OUT/DETECTOR/CATEGORY/DETECTOR_FILE.csv: timestamp,value,anomaly_score.
    """  # noqa: D301 - click's mark for lines that stay as they are
    corpus = _corpus(folder, [name for each in series for name in each.split(",") if name.strip()])
    contenders = detectors()
    scores = _scores(corpus, contenders)
    if results is not None:
        try:
            write_results(results, corpus, scores)
        except OSError as exc:
            fail(f"{results}: cannot be written to: {exc.strerror or exc}; choose another folder", exits.NO_INPUT)
    print_json(
        {
            "folder": str(folder),
            "series": [each.name for each in corpus.series],
            "without_data": corpus.without_data,
            "detectors": figures_of(corpus, contenders, scores),
        }
    )


def _corpus(folder: Path, names: list[str]) -> Corpus:
    try:
        return Corpus.read(folder, names)
    except CorpusMissing as exc:
        fail(str(exc), exits.NO_INPUT)
    except CorpusError as exc:
        fail(str(exc), exits.BAD_INPUT)


def _scores(corpus: Corpus, contenders: tuple[Contender, ...]) -> dict[str, list[Floats]]:
    scores: dict[str, list[Floats]] = {}
    with progress_bar() as bar:
        task = bar.add_task("scoring", total=len(contenders) * len(corpus.series), note="")
        for contender in contenders:
            scores[contender.name] = []
            for series in corpus.series:
                bar.update(task, note=f"{contender.name}: {series.name}")
                try:
                    scores[contender.name].append(anomaly_scores(contender, series))
                except Misbehaves as exc:
                    _bug(series.name, exc)
                bar.advance(task)
    return scores


def _bug(series: str, problem: Misbehaves) -> NoReturn:
    fail(f"{series}: {problem}", exits.BUG)
