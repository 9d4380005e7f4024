from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.watchlist import Watchlist, WatchlistError

EXAMPLE = Path(__file__).parents[3] / "deploy" / "examples" / "airlines.toml"


def error_of(brand: str, *, head: str = "version = 1") -> str:
    with pytest.raises(WatchlistError) as caught:
        Watchlist.parse(f"{head}\n{brand}", "airlines.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("field", "wrong", "expected"),
    [
        ("alias", '["Acme"]', "did you mean aliases?"),
        ("colour", '"red"', "expected one of name, aliases"),
        ("name", "3", "expected a string of 1 to 100 characters, got 3"),
        ("name", '"  "', "expected a string"),
        ("aliases", '"Acme"', "expected a list"),
        ("aliases[1]", '["Acme", ""]', "expected a string of 1 to 100 characters"),
        ("aliases[0]", '["!!"]', "at least one letter or digit"),
        ("aliases[0]", "[7]", "expected a string or a table"),
        ("aliases[0]", '[{text = "Acme", require = ["x"]}]', "did you mean requires?"),
        ("aliases[0]: text", '[{requires = ["x"]}]', "expected the name to look for"),
        ("aliases[0]: case_sensitive", '[{text = "Acme", case_sensitive = "yes"}]', "expected true or false"),
        ("aliases[0]: languages[0]", '[{text = "Acme", languages = ["English"]}]', "expected a language code"),
        ("aliases[0]: requires", '[{text = "Acme", requires = "x"}]', "expected a list"),
        ("aliases[0]: not_in[0]", '[{text = "Orange", not_in = ["juice"]}]', "expected a longer phrase that holds"),
        ("aliases[0]: not_in[1]", '[{text = "Ô", not_in = ["ô la", "Ô"]}]', "expected a longer phrase that holds"),
        ("handles[0]", '["US Airways"]', "expected a handle of 1 to 15 letters"),
        ("handles[1]", '["ok", "sixteen_letters_"]', "expected a handle of 1 to 15 letters"),
        ("handles[0]", "[true]", "expected a handle"),
        ("handles[0]", '["acme..example"]', "or of Bluesky a domain name or a DID"),
        ("handles[0]", '["did:plc"]', "or of Bluesky a domain name or a DID"),
        ("official[0]", '["did:plc:a b"]', "or of Bluesky a domain name or a DID"),
        ("hashtags[0]", '["us airways"]', "expected a hashtag"),
        ("official", "{}", "expected a list"),
        ("excludes[0]", "[[]]", "expected a string"),
    ],
)
def test_an_error_names_the_file_the_brand_and_the_field(field: str, wrong: str, expected: str) -> None:
    key = field.partition("[")[0]
    message = error_of(f"[brands.acme]\n{key} = {wrong}")
    assert message.startswith(f"airlines.toml: brand acme: {field}")
    assert expected in message


@pytest.mark.parametrize("field", ["requires", "excludes"])
def test_an_error_in_the_rule_of_an_alias_names_the_alias_too(field: str) -> None:
    message = error_of(f'[brands.acme]\naliases = ["A", {{text = "Acme", {field} = [1]}}]')
    assert message.startswith(f"airlines.toml: brand acme: aliases[1]: {field}[0]: expected a string")


def test_a_brand_without_anything_to_look_for_is_an_error() -> None:
    assert error_of('[brands.acme]\nname = "Acme"').startswith("airlines.toml: brand acme: nothing to look for")


def test_a_bad_key_is_an_error_that_suggests_a_good_one() -> None:
    message = error_of('[brands."US Airways"]\naliases = ["x"]')
    assert "airlines.toml: brand 'US Airways': expected a key" in message
    assert "'us-airways'" in message


@pytest.mark.parametrize("brands", ["", "[brands]", "brands = 3"])
def test_a_watchlist_without_brands_is_an_error(brands: str) -> None:
    assert error_of(brands).startswith("airlines.toml: brands: expected at least one table")


@pytest.mark.parametrize("head", ["", "version = 2", "version = true", 'version = "1"'])
def test_a_watchlist_of_another_version_is_an_error(head: str) -> None:
    assert error_of('[brands.a]\naliases = ["x"]', head=head).startswith("airlines.toml: version: expected 1")


def test_broken_toml_is_an_error_with_the_line() -> None:
    assert "line 3" in error_of("[brands.acme]\naliases = [1 2]")


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(WatchlistError, match=r"nowhere\.toml: cannot be read: No such file"):
        Watchlist.load(tmp_path / "nowhere.toml")


def test_a_file_that_is_not_utf8_is_an_error_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'version = 1\n[brands.a]\nname = "Soci\xe9t\xe9"\n')
    with pytest.raises(WatchlistError, match=r"latin\.toml: line 3: not UTF-8"):
        Watchlist.load(path)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes('\ufeffversion = 1\r\n[brands.a]\r\naliases = ["Acme"]\r\n'.encode())
    assert list(Watchlist.load(path).brands) == ["a"]


def test_brands_are_in_key_order_and_the_name_defaults_to_the_key() -> None:
    watchlist = Watchlist.parse('version = 1\n[brands.b]\nhandles = ["@b"]\n[brands.a]\nhashtags = ["#a"]')
    assert list(watchlist.brands) == ["a", "b"]
    assert watchlist.brands["b"].name == "b"
    assert (watchlist.brands["b"].handles, watchlist.brands["a"].hashtags) == (("b",), ("a",))


def test_the_fingerprint_depends_on_the_content_alone() -> None:
    one = Watchlist.parse('version = 1\n[brands.b]\naliases = ["B", "C"]\n[brands.a]\nhandles = ["a"]')
    same = Watchlist.parse('# so\nversion=1\n[brands.a]\nhandles=["@a"]\n[brands.b]\naliases=["C",{text="B"}]')
    other = Watchlist.parse('version = 1\n[brands.b]\naliases = ["B", "C"]\n[brands.a]\nhandles = ["b"]')
    assert one.fingerprint == same.fingerprint == "840e4a9a51380755"
    assert other.fingerprint != one.fingerprint


def test_each_rule_of_an_alias_counts_for_the_fingerprint() -> None:
    rules = ["", ', requires = ["x"]', ', excludes = ["x"]', ', not_in = ["big acme"]', ", case_sensitive = true"]
    texts = [f'version = 1\n[brands.a]\naliases = [{{ text = "Acme"{rule} }}]' for rule in rules]
    assert len({Watchlist.parse(text).fingerprint for text in texts}) == len(rules)


def test_own_terms_are_the_words_of_the_names_folded_and_as_written() -> None:
    text = 'version = 1\n[brands.sg]\nname = "Société Générale"\naliases = ["Coca-Cola"]\nhandles = ["SocGen"]'
    own = Watchlist.parse(text).brands["sg"].own_terms
    assert own >= {"societe", "générale", "societegenerale", "coca", "cola", "coca-cola", "cocacola", "socgen"}


def test_the_shipped_example_loads() -> None:
    watchlist = Watchlist.load(EXAMPLE)
    assert list(watchlist.brands) == [
        "american", "delta", "jetblue", "southwest", "united", "us-airways", "virgin-america",
    ]  # fmt: skip
