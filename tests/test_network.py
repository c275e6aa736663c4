from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from provendor.errors import NetworkOff
from provendor.wire.network import Guard, is_loopback

FAR = ("192.0.2.1", 443)  # reserved for documentation: nobody answers there


def test_a_connection_is_refused_with_its_address():
    """The error names what was asked for and the line that asked."""
    with Guard() as guard, socket.socket() as sock, pytest.raises(NetworkOff) as caught:
        sock.connect(FAR)

    assert "connect 192.0.2.1:443 at " in str(caught.value)
    assert f"{__file__}:" in str(caught.value)
    assert [refused.address for refused in guard.take()] == ["192.0.2.1:443"]


def test_what_was_refused_is_kept_although_the_code_swallows_the_error():
    """Code that catches everything does not hide that it reached for the network."""
    with Guard() as guard, socket.socket() as sock, suppress(Exception):
        sock.connect(FAR)

    assert [refused.action for refused in guard.take()] == ["connect"]
    assert guard.take() == ()


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (lambda: socket.create_connection(("vendor.example", 443), timeout=1), "resolve vendor.example:443"),
        (lambda: socket.getaddrinfo(b"vendor.example", "https"), "resolve vendor.example:https"),
        (lambda: socket.gethostbyname("vendor.example"), "resolve vendor.example"),
        (lambda: socket.gethostbyaddr("192.0.2.1"), "resolve 192.0.2.1"),
        (lambda: socket.getnameinfo(FAR, 0), "resolve 192.0.2.1:443"),
        (lambda: a_datagram().sendto(b"x", ("192.0.2.1", 53)), "send 192.0.2.1:53"),
        (lambda: a_datagram().sendmsg([b"x"], [], 0, ("192.0.2.1", 53)), "send 192.0.2.1:53"),
        (lambda: a_datagram().connect(("192.0.2.1", 53)), "connect 192.0.2.1:53"),
        (lambda: a_datagram().connect_ex(("192.0.2.1", 53)), "connect 192.0.2.1:53"),
        (lambda: a_datagram(socket.AF_INET6).connect(("2001:db8::1", 53)), "connect [2001:db8::1]:53"),
        (lambda: asyncio.run(a_stream("vendor.example")), "resolve vendor.example:80"),
        (lambda: asyncio.run(a_stream("192.0.2.1")), "connect 192.0.2.1:80"),
    ],
    ids=[
        "create-connection",
        "getaddrinfo-bytes",
        "gethostbyname",
        "gethostbyaddr",
        "getnameinfo",
        "sendto",
        "sendmsg",
        "connect-udp",
        "connect-ex",
        "connect-ipv6",
        "asyncio-name",
        "asyncio-address",
    ],
)
def test_every_way_out_is_refused(attempt, told):
    """Connecting, sending and looking up are refused, also from asyncio and without a connection."""
    with Guard() as guard, pytest.raises(NetworkOff):
        attempt()

    assert [f"{refused.action} {refused.address}" for refused in guard.take()] == [told]


def test_a_thread_is_refused_and_named():
    """What a thread does is seen as well, and the thread is told."""

    def run() -> None:
        with suppress(NetworkOff), socket.socket() as sock:
            sock.connect(FAR)

    with Guard() as guard:
        thread = threading.Thread(target=run, name="background")
        thread.start()
        thread.join()

    (refused,) = guard.take()
    assert refused.thread == "background"
    assert str(refused).endswith(" in thread background")


def test_the_same_attempt_from_the_same_line_is_told_once():
    """A retry loop does not drown the report."""
    with Guard() as guard:
        for _ in range(3):
            with suppress(NetworkOff), socket.socket() as sock:
                sock.connect(FAR)

    assert len(guard.take()) == 1


def test_a_unix_socket_is_no_network():
    """Processes of one machine may talk to each other."""
    with Guard() as guard:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(b"x")
            assert theirs.recv(1) == b"x"

    assert guard.take() == ()


def test_a_bound_socket_and_a_numeric_address_are_no_attempt():
    """Listening, and turning an address into itself, reach nobody."""
    with Guard() as guard, socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        socket.getaddrinfo("192.0.2.1", 443)
        socket.getaddrinfo(None, 0)

    assert guard.take() == ()


def test_loopback_is_refused_with_a_hint_unless_it_is_allowed():
    """A test that means to reach its own server learns how to say so."""
    with a_server() as port, Guard() as guard, pytest.raises(NetworkOff, match=r"@pytest\.mark\.loopback"):
        socket.create_connection(("127.0.0.1", port))

    assert guard.take()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_allowed_loopback_reaches_an_own_server_and_nothing_else(host):
    """With loopback allowed the own server answers, and the rest of the world stays out of reach."""
    with a_server() as port, Guard(loopback=True) as guard:
        with socket.create_connection((host, port), timeout=5) as sock:
            assert sock.recv(2) == b"ok"
        assert guard.take() == ()
        with pytest.raises(NetworkOff):
            socket.create_connection(FAR)

    assert [refused.address for refused in guard.take()] == ["192.0.2.1:443"]


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("app.localhost", True),
        ("localhost.example", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),  # what this reaches differs between systems
        ("10.0.0.1", False),
        ("::ffff:192.0.2.1", False),
        ("", False),
    ],
)
def test_what_counts_as_loopback(host, near):
    """127.0.0.0/8, ::1 and localhost, in their spellings, and nothing else."""
    assert is_loopback(host) is near


def test_guards_nest_and_the_inner_one_decides():
    """A session inside a session keeps its own account, and leaves the outer one as it was."""
    with Guard() as outer:
        with Guard() as inner, suppress(NetworkOff), socket.socket() as sock:
            sock.connect(FAR)
        assert outer.take() == ()
        with suppress(NetworkOff), socket.socket() as sock:
            sock.connect(FAR)

    assert len(inner.take()) == 1
    assert len(outer.take()) == 1


def test_nothing_is_refused_once_the_guard_is_off():
    """The guard takes itself out again."""
    with Guard(loopback=False):
        pass
    with Guard(loopback=True), a_server() as port:  # the session's own guard, if there is one, is the outer one
        socket.create_connection(("127.0.0.1", port)).close()


def a_datagram(family: int = socket.AF_INET) -> socket.socket:
    """A UDP socket that closes itself when nobody holds it any more."""

    class Closing(socket.socket):
        def __del__(self) -> None:
            self.close()

    return Closing(family, socket.SOCK_DGRAM)


async def a_stream(host: str) -> None:
    await asyncio.open_connection(host, 80)


@contextmanager
def a_server() -> Iterator[int]:
    """A server on 127.0.0.1 that says ok to whoever comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        client.sendall(b"ok")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
