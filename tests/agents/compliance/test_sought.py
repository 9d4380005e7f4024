import json

import pytest

from agents.compliance.sought import Search, Sought, SoughtKind, levels, plain_text

POST = Sought(kind=SoughtKind.ID, value="1863912345678901234")
OTHER = Sought(kind=SoughtKind.ID, value="1863912345678901235")
USER = Sought(kind=SoughtKind.USER, value="2244994945", hashes=frozenset({4503599627370497, 17}))
TEXT = Sought(kind=SoughtKind.TEXT, value="Ma valise est à Lisbonne, <bravo> & merci")


@pytest.mark.parametrize(
    "piece",
    [
        '{"id":"1863912345678901234"}',
        '{"id":1863912345678901234}',
        "https://x.com/somebody/status/1863912345678901234?s=20",
        r'{"id":"\u0031863912345678901234"}',
        r'{"payload":"{\"id\":\"\\u0031863912345678901234\"}"}',
        'cut off: {"id":"1863912345678901234","te',
    ],
)
def test_an_id_is_found_however_it_is_written(piece: str) -> None:
    assert Search([POST, OTHER]).within([piece]) == {POST}


def test_a_longer_number_is_not_the_id_that_it_begins_with() -> None:
    assert not Search([POST]).within(["18639123456789012345", "01863912345678901234"])


def test_an_account_is_found_by_its_id_and_by_each_of_its_hashes() -> None:
    search = Search([USER])
    assert search.within(['"author_id":"2244994945"']) == {USER}
    assert search.within(['"author":4503599627370497']) == {USER}
    assert not search.within(['"author":4503599627370498'])


@pytest.mark.parametrize(
    "written",
    [
        TEXT.value,
        "Ma valise est a\N{COMBINING GRAVE ACCENT}  Lisbonne,\n<bravo> &amp; merci",
        "Ma valise est à Lisbonne, &lt;bravo&gt; &amp; merci",
        "RT @x: Ma valise est à Lisbonne, &lt;bravo&gt; &amp; merci https://t.co/abc",
        "Ma\N{NO-BREAK SPACE}valise est &#224; Lisbonne, <bravo> & merci",
    ],
)
@pytest.mark.parametrize("deep", [0, 1, 2, 3])
def test_a_text_is_found_through_entities_composition_white_space_and_json(written: str, deep: int) -> None:
    piece = written
    for _ in range(deep):
        piece = json.dumps({"text": piece})
    assert Search([TEXT]).within([piece]) == {TEXT}


def test_a_text_is_found_in_a_record_that_is_no_json() -> None:
    piece = json.dumps({"text": TEXT.value})[:-1] + "\ufffd"
    assert Search([TEXT]).within([piece]) == {TEXT}


@pytest.mark.parametrize("text", ["🎉🎉", "signal", "no signal", "!", "signal again?"])
def test_a_text_without_an_inner_word_is_found_in_the_middle_of_words(text: str) -> None:
    wanted = Sought(kind=SoughtKind.TEXT, value=text)
    assert Search([wanted]).within([f"xx{text}yy"]) == {wanted}


def test_a_part_of_a_text_is_found_that_begins_and_ends_within_words() -> None:
    wanted = Sought(kind=SoughtKind.TEXT, value="ise est à Lis")
    assert Search([wanted]).within([TEXT.value]) == {wanted}
    assert not Search([wanted]).within(["ise est à Lyon"])


def test_escapes_are_undone_once_for_each_json_that_holds_json() -> None:
    inner = json.dumps("é\n")
    assert list(levels(json.dumps(inner)))[-1] == '""é\n""'


def test_an_escaped_pair_of_surrogates_is_one_character() -> None:
    assert list(levels(json.dumps("🎉")))[-1] == '"🎉"'


def test_what_is_asked_for_twice_is_looked_for_once() -> None:
    assert Search([POST, TEXT, POST]).sought == (POST, TEXT)


def test_white_space_of_all_kinds_is_one_space() -> None:
    assert plain_text(" a\u2003b\t\r\nc\u00a0 ") == "a b c"


def test_a_stranger_s_number_that_is_no_character_is_left_as_it_is() -> None:
    assert plain_text("&#" + "9" * 5_000 + ";").startswith("&#999")
