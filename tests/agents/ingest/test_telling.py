import socket

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from agents.ingest.telling import News, network_trouble

KEY = ConnectionKey("api.example", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)


def test_the_same_trouble_is_told_at_once_and_then_each_minute() -> None:
    now = [0.0]
    news = News(lambda: now[0])
    told = []
    for now[0] in (0.0, 1.0, 59.9, 60.0, 61.0):
        told.append(news.is_due("down"))
    assert told == [True, False, False, True, False]


def test_another_trouble_is_news_and_so_is_the_same_after_all_was_well() -> None:
    news = News(lambda: 0.0)
    assert news.is_due("down")
    assert news.is_due("refused")
    assert not news.is_due("refused")
    news.over()
    assert news.is_due("refused")


@pytest.mark.parametrize(
    ("exc", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (aiohttp.ServerTimeoutError(), "no answer in time"),
        (
            aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "Name or service not known")),
            "cannot be reached (Name or service not known)",
        ),
        (aiohttp.ClientConnectorError(KEY, OSError()), "cannot be reached (ClientConnectorError)"),
        (ConnectionResetError(104, "reset"), "the connection broke (ConnectionResetError)"),
    ],
)
def test_what_is_wrong_with_a_connection_is_told_in_plain_words(exc: Exception, words: str) -> None:
    assert network_trouble(exc) == words
