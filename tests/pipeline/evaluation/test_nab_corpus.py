from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation import Contender, baselines
from pipeline.evaluation.nab import Corpus, CorpusError, CorpusMissing, anomaly_scores, evaluate, write_results
from pipeline.evaluation.nab.evaluation import DEFAULT_THRESHOLD
from tests.pipeline.evaluation.small_nab import ROWS, small_nab, time_of

A, B, C, GONE = (f"realTweets/Twitter_volume_{brand}.csv" for brand in ("AAA", "BBB", "CCC", "GONE"))
GAUSSIAN = baselines()[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_nab(tmp_path)


def test_without_names_it_is_all_of_the_tweets_that_have_data(folder: Path) -> None:
    corpus = Corpus.read(folder)
    assert [series.name for series in corpus.series] == [A, B, C]
    assert corpus.without_data == (GONE,)
    assert [profile.name for profile in corpus.profiles] == ["standard", "reward_low_FP", "reward_low_FN"]


def test_a_bucket_ends_five_minutes_after_its_time_in_whole_minutes(folder: Path) -> None:
    (end, value), *_ = Corpus.read(folder).series[0].buckets
    assert end == datetime(2015, 2, 26, 21, 47, tzinfo=UTC).timestamp() // 60
    assert value == float(Corpus.read(folder).series[0].rows[0][1])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["AAA"], [A]),
        (["aaa", " $CCC "], [A, C]),
        (["Twitter_volume_BBB", "Twitter_volume_BBB.csv", B], [B]),
        (["data/realTweets/Twitter_volume_BBB.csv"], [B]),
        (["realTraffic/speed_7578"], ["realTraffic/speed_7578.csv"]),
        (["realtraffic"], ["realTraffic/Twitter_volume_AAA_copy.csv", "realTraffic/speed_7578.csv"]),
    ],
)
def test_series_are_named_as_people_write_them(folder: Path, names: list[str], expected: list[str]) -> None:
    assert [series.name for series in Corpus.read(folder, names).series] == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("AAB", f"no series 'AAB' in the labels; nearest are {A}"),
        ("speed_7578", r"may be any of artificial/speed_7578.csv, realTraffic/speed_7578.csv: name its path"),
        ("?", "no series '?' in the labels; they know"),
    ],
)
def test_a_name_that_is_not_clear_is_an_error_that_helps(folder: Path, name: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message.replace("?", r"\?")):
        Corpus.read(folder, [name])


def test_a_series_asked_for_by_name_must_have_data(folder: Path) -> None:
    with pytest.raises(CorpusMissing, match=r"Twitter_volume_GONE\.csv: no such file"):
        Corpus.read(folder, ["GONE"])
    assert Corpus.read(folder, ["GONE", "AAA"]).without_data == (GONE,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 is ''; it must be timestamp,value"),
        ("time,count\n", "line 1 is 'time,count'; it must be timestamp,value"),
        ("timestamp,value\n", "has no rows"),
        ("timestamp,value\n2015-02-26 21:42:53\n", "line 2: '2015-02-26 21:42:53' has no value"),
        ("timestamp,value\n2015-02-26 21:42:53,1\n\nyesterday,2\n", "line 4: 'yesterday' is no time"),
        ("timestamp,value\n2015-02-26 21:42:53,many\n", "line 2: 'many' is no number"),
        ("timestamp,value\n2015-02-26 21:42:53,NaN\n", "line 2: 'NaN' is no finite number"),
        ("timestamp,value\n2015-02-26 21:42:53,1\n", "window 1 begins or ends at 2015-02-28 06:12:53, which no row"),
    ],
)
def test_a_data_file_that_is_wrong_is_named_with_its_line(folder: Path, text: str, message: str) -> None:
    (folder / "data" / A).write_text(text)
    with pytest.raises(CorpusError, match=f"Twitter_volume_AAA.csv: {message}"):
        Corpus.read(folder)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("labels/combined_windows.json", "{", "is not JSON"),
        ("labels/combined_windows.json", "[]", "must be an object"),
        ("labels/combined_windows.json", '{"realTweets/x.csv": [["now"]]}', "a window must be"),
        ("config/profiles.json", '{"standard": {}}', "a profile must have a CostMatrix"),
    ],
)
def test_labels_and_profiles_that_are_wrong_are_named(folder: Path, file: str, text: str, message: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(CorpusError, match=f"{file}: {message}"):
        Corpus.read(folder)


def test_a_folder_that_is_no_benchmark_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusMissing, match=r"combined_windows\.json: cannot be read"):
        Corpus.read(tmp_path)


def test_scores_lie_between_0_and_1_with_the_own_threshold_at_one_half(folder: Path) -> None:
    series = Corpus.read(folder, ["AAA"]).series[0]
    for contender in baselines():
        own = np.array(list(contender.scores(series.buckets)))
        scores = anomaly_scores(contender, series)
        assert scores.min() >= 0
        assert scores.max() <= 1
        assert ((scores >= DEFAULT_THRESHOLD) == (own >= contender.threshold)).all()
        ranked = scores[np.argsort(own)]
        assert (np.diff(ranked) >= 0).all()


@pytest.mark.parametrize("score", [0.7, 0.7000000000000001, 0.6999999999999998, 0.0, float("inf")])
def test_rounding_makes_no_alarm_and_hides_none(folder: Path, score: float) -> None:
    class Fixed:
        def score_one(self, _: object) -> float:
            return score

        def learn_one(self, _: object) -> None:
            pass

    contender = Contender(name="fixed", rule="", make=Fixed, threshold=0.7)  # type: ignore[arg-type]
    scores = anomaly_scores(contender, Corpus.read(folder, ["AAA"]).series[0])
    assert set((scores >= DEFAULT_THRESHOLD).tolist()) == {score >= 0.7}


def test_results_are_laid_out_as_nab_does_row_for_row(folder: Path, tmp_path: Path) -> None:
    corpus = Corpus.read(folder)
    scores = {GAUSSIAN.name: [anomaly_scores(GAUSSIAN, series) for series in corpus.series]}
    write_results(tmp_path / "results", corpus, scores)
    written = tmp_path / "results" / "windowed-gaussian" / "realTweets" / "windowed-gaussian_Twitter_volume_AAA.csv"
    header, *rows = written.read_text().splitlines()
    data = (folder / "data" / A).read_text().splitlines()[1:]
    assert header == "timestamp,value,anomaly_score"
    assert [row.rsplit(",", 1)[0] for row in rows] == data
    assert [float(row.rsplit(",", 1)[1]) for row in rows] == scores[GAUSSIAN.name][0].tolist()
    assert len(rows) == ROWS
    assert rows[0].startswith(time_of(0))


def figures(corpus: Corpus, *scores: dict[int, float]) -> dict[str, dict[str, dict[str, float]]]:
    arrays = []
    for own in scores:
        array = np.zeros(ROWS)
        array[list(own)] = list(own.values())
        arrays.append(array)
    (found,) = evaluate(corpus, [GAUSSIAN], {GAUSSIAN.name: arrays})
    profiles: dict[str, dict[str, dict[str, float]]] = found["profiles"]
    return profiles


def test_a_perfect_detector_scores_100_everywhere(folder: Path) -> None:
    found = figures(Corpus.read(folder), {390: 0.8}, {390: 0.8}, {390: 0.8})
    for profile in found.values():
        assert {kind["score"] for kind in profile.values()} == {100}
        assert profile["default"] == {"score": 100, "windows": 3, "hit": 3, "false_positives": 0}


def test_a_series_left_out_has_no_say_in_its_threshold(folder: Path) -> None:
    noise = dict.fromkeys(range(520, 580), 0.45)
    found = figures(Corpus.read(folder), {390: 0.4}, {390: 0.4}, {390: 0.7} | noise)["standard"]
    # all together: at 0.4 the noise costs more than two windows bring
    assert (found["optimised"]["threshold"], found["optimised"]["hit"]) == (0.7, 1)
    # each of the first two is left at 0.7 by the others, the third at 0.4
    assert (found["leave_one_out"]["hit"], found["leave_one_out"]["false_positives"]) == (1, 60)
    assert found["leave_two_out"]["pairs"] == 3
    assert found["leave_two_out"]["lowest"] < found["leave_two_out"]["score"] < found["leave_two_out"]["highest"]


def test_one_series_alone_has_no_others_to_learn_from(folder: Path) -> None:
    found = figures(Corpus.read(folder, ["AAA"]), {390: 0.8})["standard"]
    assert set(found) - {kind for kind, value in found.items() if value} == {"leave_one_out", "leave_two_out"}


def test_series_without_windows_have_no_score(folder: Path) -> None:
    found = figures(Corpus.read(folder, ["realTraffic"]), {390: 0.8}, {})["standard"]
    assert found["default"] == {"score": None, "windows": 0, "hit": 0, "false_positives": 1}
