from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.archive import ArchiveError, ArchiveRecord, line_reader, read
from pipeline.archive import source as source_module
from pipeline.archive.record import by_time, runs_backwards
from pipeline.formats import parse
from schemas.codec import decode, encode
from schemas.tweet import SourceForm, Tweet
from tests.pipeline.formats.payloads import MAX_BYTES, POST_ID, POST_MS, SHARED, v1_status, v2_data, v2_line

HEADER = "tweet_id,name,retweet_count,text,tweet_created\n"
NEWEST_FIRST = (
    HEADER
    + '3,cara,0,"Third, with a comma\nand a line",2015-02-24 11:35:54 -0800\n'
    + "2,ben,4,Second &amp; last,2015-02-24 11:35:53 -0800\n"
    + "1,ann,0,First,2015-02-24 11:35:52 -0800\n"
)
FIRST_MS = int(datetime(2015, 2, 24, 19, 35, 52, tzinfo=UTC).timestamp() * 1000)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def tweets_of(records: list[ArchiveRecord]) -> list[Tweet]:
    return [tweet for record in records for tweet in parse(record.value, max_bytes=MAX_BYTES).tweets]


def reasons_of(records: list[ArchiveRecord]) -> list[str]:
    return [reject.reason for record in records for reject in parse(record.value, max_bytes=MAX_BYTES).rejects]


def line_at(time_ms: int) -> bytes:
    created_at = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()
    return encode({"data": v2_data(id=str(time_ms), created_at=created_at)})


@pytest.mark.parametrize("name", ["tweets.csv", "tweets.csv.gz", "tweets.txt"])
def test_rows_become_tweets_in_the_order_of_their_times(tmp_path: Path, name: str) -> None:
    records = list(read(write(tmp_path, name, NEWEST_FIRST)))
    assert [record.key for record in records] == [b"1", b"2", b"3"]
    assert [record.time_ms for record in records] == [FIRST_MS, FIRST_MS + 1_000, FIRST_MS + 2_000]
    tweets = tweets_of(records)
    assert [tweet.text for tweet in tweets] == ["First", "Second & last", "Third, with a comma\nand a line"]
    assert [tweet.author_handle for tweet in tweets] == ["ann", "ben", "cara"]
    assert {tweet.source_form for tweet in tweets} == {SourceForm.ARCHIVE}


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters_are_known_by_the_header(tmp_path: Path, delimiter: str) -> None:
    content = f"id{delimiter}full_text{delimiter}date\n{POST_ID}{delimiter}late, again{delimiter}2022-06-08\n"
    (tweet,) = tweets_of(list(read(write(tmp_path, "tweets.tsv", content))))
    assert (tweet.id, tweet.text) == (POST_ID, "late, again")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(tmp_path: Path, encoding: str) -> None:
    content = f"Tweet ID, Tweet Text\n{POST_ID},\u00e9t\u00e9\n".encode(encoding)
    (tweet,) = tweets_of(list(read(write(tmp_path, "tweets.csv", content))))
    assert tweet.text == "\u00e9t\u00e9"


def test_a_quoted_header_after_spaces_is_understood(tmp_path: Path) -> None:
    content = f'"Tweet ID", "Tweet Text"\n"{POST_ID}", "late, again"\n'
    (tweet,) = tweets_of(list(read(write(tmp_path, "tweets.csv", content))))
    assert tweet.text == "late, again"


def test_duplicate_ids_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "tweets.csv", NEWEST_FIRST + NEWEST_FIRST.removeprefix(HEADER))
    assert [record.key for record in read(path)] == [b"1", b"1", b"2", b"2", b"3", b"3"]


def test_rows_of_equal_times_stay_in_file_order(tmp_path: Path) -> None:
    rows = "".join(f"{n},x,0,t,2015-02-24 11:35:52 -0800\n" for n in (5, 3, 4))
    assert [record.key for record in read(write(tmp_path, "t.csv", HEADER + rows))] == [b"5", b"3", b"4"]


def test_rows_without_ids_get_stable_ids_of_their_own(tmp_path: Path) -> None:
    content = "created_at_utc,label,text\n" + "2013-04-17T00:00:45.750000+00:00,x,same words\n" * 2
    path = write(tmp_path, "t.csv", content)
    keys = [record.key for record in read(path)]
    assert len(set(keys)) == 2
    assert keys == [record.key for record in read(path)]


def test_a_mapping_names_the_columns_that_cannot_be_guessed(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", f"Beitrag;Kennung;lang\nzu sp\u00e4t;{POST_ID};de\n")
    mapping = {"text": "Beitrag", "id": "Kennung"}
    (tweet,) = tweets_of(list(read(path, mapping=mapping)))
    assert (tweet.id, tweet.text, tweet.lang) == (POST_ID, "zu sp\u00e4t", "de")


def test_a_row_that_cannot_be_read_becomes_a_dead_letter_in_its_place(tmp_path: Path) -> None:
    rows = "1,a,0,First,2015-02-24 11:35:52 -0800\n2,b,0,,2015-02-24 11:35:53 -0800\n3,c\n4,d,0,x,soon\n\n,,,,\n"
    records = list(read(write(tmp_path, "t.csv", HEADER + rows)))
    assert [record.time_ms for record in records] == [FIRST_MS, None, None, None]
    assert decode(records[1].value)["name"] == "b"
    assert reasons_of(records) == ["missing_field", "unknown_form", "no_time"]


def test_an_open_quote_costs_the_rows_it_swallows_and_no_more(tmp_path: Path) -> None:
    swallowed = '1,a,0,"open,2015-02-24 11:35:52 -0800\n' + "2,b,0,x,2015-02-24 11:35:52 -0800\n" * 5_000
    path = write(tmp_path, "t.csv", HEADER + swallowed)
    records = list(read(path))
    bad = [record for record in records if record.key is None]
    assert len(bad) == 1
    assert bad[0].value.startswith(b'1,a,0,"open')
    assert len(records) - 1 + bad[0].value.count(b"\n") == 5_001
    assert reasons_of(records) == ["not_json"]


def test_undecodable_bytes_in_a_table_cost_only_themselves(tmp_path: Path) -> None:
    content = HEADER.encode() + b"1,a,0,caf\xe9 closed,2015-02-24 11:35:52 -0800\n"
    (tweet,) = tweets_of(list(read(write(tmp_path, "t.csv", content))))
    assert tweet.text == "caf\ufffd closed"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Timestamp,Tweet-ID,Included\nx,1,Y\n", "needs a column with the text"),
        ("text,label\nx,1\n", "the columns are 'text', 'label'"),
        ("0,1467810672,NO_QUERY,someone,words\n", "If the first row is no header"),
        ("", "is empty"),
        ("\n\n", "is empty"),
    ],
)
def test_a_table_without_a_usable_header_is_an_error_that_says_what_is_needed(
    tmp_path: Path, content: str, says: str
) -> None:
    path = write(tmp_path, "t.csv", content)
    with pytest.raises(ArchiveError, match=says) as caught:
        list(read(path))
    assert str(path) in str(caught.value)


def test_a_mapping_to_nothing_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", NEWEST_FIRST)
    with pytest.raises(ArchiveError, match="no column 'words'"):
        list(read(path, mapping={"text": "words"}))
    with pytest.raises(ArchiveError, match="what can be mapped is id, text"):
        read(path, mapping={"txt": "text"})


def test_files_that_cannot_be_read_are_errors_at_once(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no such file"):
        read(tmp_path / "absent.csv")
    with pytest.raises(ArchiveError, match="is a directory"):
        read(tmp_path)
    locked = write(tmp_path, "t.csv", NEWEST_FIRST)
    locked.chmod(0)
    if not os.access(locked, os.R_OK):
        with pytest.raises(ArchiveError, match="permissions"):
            read(locked)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.jsonl.gz"])
def test_damaged_gzip_data_is_an_error(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, NEWEST_FIRST * 50)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ArchiveError, match="damaged or cut short"):
        list(read(path))


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.json", "t.log"])
def test_lines_are_passed_on_as_they_are_in_file_order(tmp_path: Path, name: str) -> None:
    lines = [encode(v2_line()), b' {"not": "a tweet"} ', b"\xff\xfe garbage", encode(v1_status(id_str="7"))]
    path = write(tmp_path, name, b"\r\n".join([lines[0], b"", b"  ", *lines[1:]]) + b"\n")
    records = list(read(path))
    assert [record.value for record in records] == lines
    assert [record.key for record in records] == [POST_ID.encode(), None, None, b"7"]
    assert [record.time_ms for record in records] == [POST_MS, None, None, POST_MS]
    assert reasons_of(records) == ["unknown_form", "not_json"]


def test_a_log_out_of_order_keeps_its_order(tmp_path: Path) -> None:
    lines = [line_at(POST_MS + n * 1_000) for n in (5, 6, 1, 7, 8, 3)]
    path = write(tmp_path, "t.jsonl", b"\n".join(lines))
    assert [record.value for record in read(path)] == lines


def test_a_file_written_newest_first_is_turned_round(tmp_path: Path) -> None:
    lines = [line_at(POST_MS + n * 1_000) for n in (9, 8, 6, 7, 2, 1)]
    path = write(tmp_path, "t.jsonl", b"\n".join([lines[0], b"junk", *lines[1:]]))
    records = list(read(path))
    assert [record.time_ms for record in records if record.time_ms] == [POST_MS + n * 1_000 for n in (1, 2, 6, 7, 8, 9)]
    assert records[-1].value == b"junk"


def test_a_record_of_several_tweets_has_the_time_of_the_newest_and_no_key(tmp_path: Path) -> None:
    response = {"data": [v2_data(), v2_data(id="7", created_at="2022-06-08T02:18:00Z")]}
    (record,) = read(write(tmp_path, "t.jsonl", encode(response)))
    assert (record.key, record.time_ms) == (None, POST_MS)


def test_a_gap_record_has_the_time_of_its_end(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path, "t.jsonl", '{"type":"gap","start_ms":5,"end_ms":9}'))
    assert record.time_ms == 9


@pytest.mark.parametrize(
    "document",
    [
        '[\n  {"a": 1},\n  {\n    "b": [2, "x"]\n  }\n]\n',
        '[{"a": 1}, {\n    "b": [2, "x"]\n  }]',
        '{"a": 1}\n{\n    "b": [2, "x"]\n  }',
        '{\n"a": 1\n}\n\n{\n    "b": [2, "x"]\n  }\n',
        '\ufeff[{"a": 1}, {"b": [2, "x"]}]',
    ],
)
def test_a_document_over_several_lines_is_split_into_its_elements(tmp_path: Path, document: str) -> None:
    records = list(read(write(tmp_path, "t.json", document)))
    if document.startswith('{"a"'):  # the first line is whole: a log, whose other lines are damaged
        assert decode(records[0].value) == {"a": 1}
    else:
        assert [decode(record.value) for record in records] == [{"a": 1}, {"b": [2, "x"]}]


def test_the_rest_of_a_damaged_document_is_one_dead_letter(tmp_path: Path) -> None:
    path = write(tmp_path, "t.json", b'[\n{"a": 1},\n{"b": \xff oops},\n{"c": 3}\n]')
    records = list(read(path))
    assert [record.value for record in records] == [b'{"a": 1}', b'{"b": \xff oops},\n{"c": 3}\n]']


def test_a_mapping_applies_to_objects_too(tmp_path: Path) -> None:
    lines = '{"uid": "5", "words": "late", "date": "2022-06-08T02:18:12Z"}\n{"uid": "6"}\nnot json\n[]\n'
    records = list(read(write(tmp_path, "t.jsonl", lines), mapping={"id": "uid", "text": "words"}))
    assert records[0].key == b"5"
    assert records[0].time_ms == POST_MS
    assert [record.value for record in records[1:]] == [b'{"uid": "6"}', b"not json", b"[]"]


def test_an_empty_log_has_no_records(tmp_path: Path) -> None:
    assert list(read(write(tmp_path, "t.jsonl", ""))) == []


def test_of_a_line_over_the_bound_the_beginning_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "LINE_LIMIT", 100)
    path = write(tmp_path, "t.jsonl", b'{"a": 1}\n' + b"x" * 250 + b"\n" + b"y" * 99 + b'\n{"b": 2}\n')
    assert [record.value for record in read(path)] == [b'{"a": 1}', b"x" * 100, b"y" * 99, b'{"b": 2}']


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl"])
def test_progress_counts_the_bytes_of_the_file_once(tmp_path: Path, name: str) -> None:
    content = NEWEST_FIRST if "csv" in name else encode(v2_line()) + b"\n"
    path = write(tmp_path, name, content * 300)
    seen: list[int] = []
    list(read(path, progress=seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == path.stat().st_size


TIMES = st.lists(st.none() | st.integers(0, 20), max_size=30)


@given(TIMES)
def test_sorting_keeps_every_record_and_leaves_untimed_ones_behind_their_neighbour(times: list[int | None]) -> None:
    records = [ArchiveRecord(None, str(n).encode(), time_ms) for n, time_ms in enumerate(times)]
    ordered = by_time(records)
    assert Counter(ordered) == Counter(records)
    known = [record.time_ms for record in ordered if record.time_ms is not None]
    assert known == sorted(known)
    if [t for t in times if t is not None] == known:
        assert ordered == records
    assert not runs_backwards(ordered)


@given(st.binary(max_size=400), st.sampled_from(["t.csv", "t.jsonl", "t.json", "t"]))
def test_no_content_raises_anything_but_an_archive_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    prefix = HEADER.encode() if name == "t.csv" else b""
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(prefix + content)
    try:
        records = list(read(path))
    except ArchiveError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert all(isinstance(record.value, bytes) for record in records)


AIRLINE = SHARED / "airline" / "Tweets.csv"


@pytest.mark.skipif(not AIRLINE.is_file(), reason=f"the airline tweets are not at {AIRLINE}")
def test_the_airline_archive_is_read_whole_by_its_own_header() -> None:
    records = list(read(AIRLINE))
    assert len(records) == 14_640
    assert len({record.key for record in records}) == 14_640 - 155
    times = [record.time_ms for record in records]
    assert times == sorted(time for time in times if time is not None)
    assert times[0] == int(datetime(2015, 2, 17, 7, 36, 5, tzinfo=UTC).timestamp() * 1000)
    assert times[-1] == int(datetime(2015, 2, 24, 19, 53, 37, tzinfo=UTC).timestamp() * 1000)
    tweets = tweets_of(records)
    assert len(tweets) == 14_640
    assert all(tweet.author_handle for tweet in tweets)
    skew = [abs(t.created_at_ms - ((int(t.id) >> 22) + 1_288_834_974_657)) for t in tweets]
    assert max(skew) < 2_000


CRISISLEX = sorted((SHARED / "crisislex").rglob("*.csv"))


@pytest.mark.skipif(not CRISISLEX, reason=f"the crisis tweets are not at {SHARED / 'crisislex'}")
@pytest.mark.parametrize("path", CRISISLEX, ids=lambda path: path.stem)
def test_every_table_of_the_crisis_archives_is_read_or_refused_for_its_missing_text(path: Path) -> None:
    if "tweetids" in path.name:
        with pytest.raises(ArchiveError, match="needs a column with the text"):
            list(read(path))
        return
    records = list(read(path))
    assert len(records) >= 1_000
    assert reasons_of(records) == []


@pytest.mark.parametrize("skip", [0, 1, 3, 5, 9])
@pytest.mark.parametrize("name", ["lines.jsonl", "backwards.jsonl", "document.json", "rows.csv"])
def test_who_was_interrupted_leaves_out_what_came_first(tmp_path: Path, name: str, skip: int) -> None:
    times = range(5) if name != "backwards.jsonl" else reversed(range(5))
    tweets = [{"id": str(9 + at), "created_at": f"2026-06-01T00:00:0{at}Z", "text": f"post {at}"} for at in times]
    path = tmp_path / name
    if name == "rows.csv":
        path.write_text("id,created_at,text\n" + "".join(",".join(each.values()) + "\n" for each in tweets))
    elif name == "document.json":
        path.write_text(json.dumps(tweets, indent=1))
    else:
        path.write_text("\n\n".join(json.dumps(each) for each in tweets))
    everything = list(read(path))
    assert len(everything) == 5
    assert list(read(path, skip=skip)) == everything[skip:]


def test_lines_from_elsewhere_become_the_records_that_a_file_of_them_gives(tmp_path: Path) -> None:
    lines = [b'{"id": "12", "created_at": "2026-06-01T00:00:00Z", "text": "hello"}', b"no JSON", b'{"Tweet": "mapped"}']
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"\n".join(lines))
    for mapping in (None, {"text": "Tweet"}):
        assert list(map(line_reader(mapping), lines)) == list(read(path, mapping=mapping))
