from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from agents.logs import stack_of

SCRIPT = """
import asyncio, logging, sys, threading, warnings
from agents import logs

logs.configure("DEBUG", sys.argv[1], "track")
log = logging.getLogger("agents.track")
log.info("window of %s", "acme", extra={"brand": "acme", "partition": 3, "offset": 17, "unheard_of": "x"})
log.info("half a pair \\ud83d of surrogates", extra={"brand": "\\ud83d"})
log.info("two\\nlines")
log.info("%d", "the words of a tweet")
warnings.warn("something is out of date", DeprecationWarning)
logging.getLogger("aiokafka.conn").debug("Request with the words of a tweet")
logging.getLogger("asyncio").debug("a library's line")


class Odd:
    def __repr__(self):
        return "the words of a tweet"

    def __del__(self):
        raise ValueError("in a destructor")


Odd()


def fail():
    raise ValueError("in a thread")


thread = threading.Thread(target=fail, name="fetcher")
thread.start()
thread.join()
logs.say("no such watchlist")
raise ValueError("at the end")
"""


def said(form: str) -> str:
    done = subprocess.run([sys.executable, "-c", SCRIPT, form], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "the words of a tweet" not in done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in said("json").splitlines()]


def line_with(lines: list[dict[str, Any]], words: str) -> dict[str, Any]:
    (line,) = [line for line in lines if words in line["message"]]
    return line


def test_a_line_is_one_object_with_time_level_logger_role_and_what_it_is_about(lines: list[dict[str, Any]]) -> None:
    line = line_with(lines, "window of acme")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": "agents.track",
        "message": "window of acme",
        "role": "track",
        "brand": "acme",
        "partition": 3,
        "offset": 17,
    }


def test_what_is_no_unicode_and_what_has_line_ends_stays_one_line(lines: list[dict[str, Any]]) -> None:
    assert line_with(lines, "of surrogates")["message"] == r"half a pair \ud83d of surrogates"
    assert line_with(lines, "two")["message"] == "two\nlines"


def test_a_line_that_cannot_be_formatted_is_said_to_be_lost_without_its_content(lines: list[dict[str, Any]]) -> None:
    line = line_with(lines, "could not be written")
    assert (line["level"], line["logger"]) == ("ERROR", "agents.track")


def test_warnings_and_what_nobody_caught_come_in_the_same_form(lines: list[dict[str, Any]]) -> None:
    assert line_with(lines, "something is out of date")["logger"] == "py.warnings"
    assert "ValueError: in a destructor" in line_with(lines, "exception ignored")["exception"]
    assert "ValueError: in a thread" in line_with(lines, "uncaught exception in thread fetcher")["exception"]
    end = lines[-1]
    assert (end["message"], end["level"]) == ("uncaught exception", "CRITICAL")
    assert end["exception"].startswith("Traceback")
    assert end["exception"].endswith("ValueError: at the end")
    assert line_with(lines, "no such watchlist")["level"] == "CRITICAL"


def test_a_librarys_debugging_is_there_unless_it_quotes_records(lines: list[dict[str, Any]]) -> None:
    assert line_with(lines, "a library's line")["level"] == "DEBUG"
    assert not [line for line in lines if line["logger"].startswith("aiokafka")]


def test_text_has_the_same_fields_at_the_end_of_its_line() -> None:
    text = said("text")
    assert "] [track] [INFO] agents.track: window of acme [brand=acme partition=3 offset=17]\n" in text
    assert "] [track] [CRITICAL] vigie: uncaught exception\nTraceback" in text


def test_the_stack_of_an_unexpected_error_is_told_without_its_message() -> None:
    words, told = "the words of a tweet", ""
    try:
        try:
            int(words)
        except ValueError as error:
            raise KeyError(words) from error
    except KeyError as error:
        told = stack_of(error)
    assert told.startswith("KeyError, raised in\n")
    assert "caused by ValueError, raised in" in told
    assert "int(words)" in told
    assert words not in told
    assert stack_of(RuntimeError("the stream ended")) == "the stream ended"
