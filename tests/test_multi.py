"""libcurl's transfers on an event loop, against a server on loopback."""

from __future__ import annotations

import asyncio
import io
import threading
from functools import partial

import pycurl

from provendor.wire.multi import Multi
from servers import Client, answering, each, scripted


def handle_for(url: str, body: io.BytesIO) -> pycurl.Curl:
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.WRITEDATA, body)
    return handle


def ended(url: str, body: io.BytesIO) -> tuple[int, str]:
    """What is told of one transfer."""

    async def run() -> tuple[int, str]:
        multi, told = Multi(), asyncio.get_running_loop().create_future()
        multi.add(handle_for(url, body), lambda code, words: told.set_result((code, words)))
        assert not told.done()  # whoever waits for it must have begun to
        end: tuple[int, str] = await asyncio.wait_for(told, 10)
        multi.close()
        return end

    return asyncio.run(run())


def test_whoever_adds_a_transfer_is_told_when_it_has_ended_well():
    """With what libcurl calls no error, and no words."""
    body = io.BytesIO()
    with scripted(each(answering(200, b"[1]"))) as server:
        assert ended(server.url, body) == (pycurl.E_OK, "")

    assert body.getvalue() == b"[1]"


def test_a_transfer_that_fails_is_told_with_its_number_and_words():
    """Nobody listens on a port that was given back."""
    with scripted(each(answering())) as server:
        url = server.url

    code, words = ended(url, io.BytesIO())

    assert code == pycurl.E_COULDNT_CONNECT
    assert words


def test_of_a_transfer_that_is_broken_off_nobody_is_told_and_its_socket_is_let_go():
    """Also twice, and when everything is closed, as it is of those that are still under way then."""
    told: list[int] = []

    async def run(url: str) -> None:
        multi = Multi()
        first, second = handle_for(url, io.BytesIO()), handle_for(url, io.BytesIO())
        for handle in (first, second):
            multi.add(handle, lambda code, _: told.append(code))
        while not multi._watched:  # noqa: ASYNC110 - nobody tells that an answer is being waited for
            await asyncio.sleep(0)
        multi.remove(first)
        multi.remove(first)
        multi.close()
        assert multi.closed
        assert not multi._watched
        await asyncio.sleep(0)

    with scripted(Client.hold) as server:
        asyncio.run(run(server.url))

    assert told == []


def test_the_only_transfer_is_sent_at_once():
    """It waits for no turn of the loop, and for no other that might come in this one."""
    came = threading.Semaphore(0)

    def script(client: Client) -> None:
        client.request()
        client.answer(200, b"[1]")
        client.request()
        came.release()
        client.answer(200, b"[2]")

    async def run(url: str) -> None:
        multi = Multi()
        for is_second in (False, True):
            told = asyncio.Event()
            multi.add(handle_for(url, io.BytesIO()), lambda *_, told=told: told.set())
            if is_second:  # there is a connection, and nothing happens on the loop until the server has heard
                assert came.acquire(timeout=10)
                assert not told.is_set()
            await asyncio.wait_for(told.wait(), 10)
        multi.close()

    with scripted(script) as server:
        asyncio.run(run(server.url))


def test_of_answers_that_are_there_together_all_are_read_before_anybody_is_told():
    """What is read late would be reported as the vendor's latency."""
    order: list[str] = []
    came, go, answered = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)

    def script(client: Client) -> None:
        client.request()
        came.release()
        go.wait(10)
        client.answer(200, b"[1]")
        answered.release()

    def end(told: asyncio.Event, _code: int, _words: str) -> None:
        order.append("told")
        told.set()

    async def run(url: str) -> None:
        multi, told = Multi(), [asyncio.Event(), asyncio.Event()]
        for each_told in told:
            handle = handle_for(url, io.BytesIO())
            handle.setopt(pycurl.WRITEFUNCTION, lambda _: order.append("read"))
            multi.add(handle, partial(end, each_told))
        for _ in told:
            await asyncio.to_thread(came.acquire)
        go.set()
        for _ in told:
            answered.acquire()  # while nothing else happens on the loop: both answers are there when it goes on
        await asyncio.wait_for(asyncio.gather(*(event.wait() for event in told)), 10)
        multi.close()

    with scripted(script) as server:
        asyncio.run(run(server.url))

    assert order == ["read", "read", "told", "told"]
