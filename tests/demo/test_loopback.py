"""Serving applications on loopback: addresses first, ready when told so, gone when stopped."""

import asyncio
import http.client
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cidash.demo.loopback import Loopback


def app_saying(word: str) -> Starlette:
    async def answer(_request: Request) -> Response:
        return PlainTextResponse(word)

    return Starlette(routes=[Route("/", answer)])


def test_every_application_answers_at_its_own_address() -> None:
    loopback = Loopback(2)
    loopback.serve([app_saying("one"), app_saying("two")])
    try:
        assert [httpx.get(url).text for url in loopback.urls] == ["one", "two"]
        assert all(urlsplit(url).hostname == "127.0.0.1" for url in loopback.urls)
    finally:
        loopback.stop()


def test_stopping_is_quick_with_an_open_connection_and_can_be_repeated() -> None:
    loopback = Loopback(1)
    loopback.serve([app_saying("one")])
    parts = urlsplit(loopback.urls[0])
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"one"
    begun = time.monotonic()
    loopback.stop()
    loopback.stop()
    assert time.monotonic() - begun < 2
    connection.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(loopback.urls[0])


def test_a_request_that_never_ends_does_not_hold_the_servers_up() -> None:
    async def stuck(_request: Request) -> Response:
        await asyncio.sleep(600)
        return Response()

    loopback = Loopback(1)
    loopback.serve([Starlette(routes=[Route("/", stuck)])])
    parts = urlsplit(loopback.urls[0])
    assert parts.hostname is not None
    with socket.create_connection((parts.hostname, parts.port or 0)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        begun = time.monotonic()
        loopback.stop()
        assert time.monotonic() - begun < 4
