"""The network switched off: an attempt to connect or to look up a name is refused, and remembered.

guard = Guard()
with guard:
    ...                      # socket.connect(("192.0.2.1", 443)) raises NetworkOff here, in every thread
guard.take()                 # (Refused(action="connect", address="192.0.2.1:443", ...),)

Python announces both to audit hooks before they happen, so the guard patches nothing and also sees what C code in the
standard library does. It cannot see a library that brings its own sockets (uvloop) nor what a child process does.
Unix sockets never leave the machine and stay allowed.
"""

from __future__ import annotations

import inspect
import ipaddress
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from provendor.errors import NetworkOff

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_RESOLVING = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
_WATCHED = _CONNECTING | _RESOLVING


@dataclass(frozen=True, slots=True)
class Refused:
    """One attempt that was refused.

    `action` is connect, send or resolve; `address` what it was meant for; `where` the nearest `file:line` outside the
    standard library, None if unknown; `thread` the thread's name, None for the main thread.
    """

    action: str
    address: str
    where: str | None
    thread: str | None

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        thread = f" in thread {self.thread}" if self.thread else ""
        return f"{self.action} {self.address}{place}{thread}"


class Guard:
    """Refuses the network while it is on and keeps what it refused, also where the code under test swallows the error.

    `loopback` lets 127.0.0.0/8, ::1 and localhost through: a test's own server. Guards nest, as pytest runs inside
    pytest do; the innermost one decides.
    """

    __slots__ = ("_refused", "_through", "loopback")

    def __init__(self, loopback: bool = False) -> None:
        self.loopback = loopback
        self._refused: list[Refused] = []
        self._through: int | None = None

    def __enter__(self) -> Self:
        _install()
        _ON.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _ON.remove(self)

    @contextmanager
    def through(self) -> Iterator[None]:
        """Let this thread through, and no other one: it carries out a call that is meant to go out."""
        before, self._through = self._through, threading.get_ident()
        try:
            yield
        finally:
            self._through = before

    def take(self) -> tuple[Refused, ...]:
        """Return what was refused since the last call, each address and place once, and forget it."""
        if not self._refused:
            return ()
        taken, self._refused = self._refused, []
        return tuple(dict.fromkeys(taken))

    def judge(self, event: str, args: tuple[Any, ...]) -> None:
        """Let one socket event pass, or remember it and raise NetworkOff."""
        if self._through == threading.get_ident():
            return
        host, address = _target(event, args)
        if host is None or (self.loopback and is_loopback(host)):
            return
        action = "resolve" if event in _RESOLVING else "connect" if event == "socket.connect" else "send"
        refused = Refused(action, address, _caller(), _thread())
        self._refused.append(refused)
        hint = "; a test's own server needs @pytest.mark.loopback" if is_loopback(host) else ""
        raise NetworkOff(f"the network is off: {refused}{hint}")


# Process-wide because audit hooks are: they cannot be removed, so one is installed for good and asks who is on. A guard
# takes itself out again, so nothing here needs resetting.
_ON: list[Guard] = []
_installed = threading.Event()


def _install() -> None:
    if not _installed.is_set():
        _installed.set()
        sys.addaudithook(_audit)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event in _WATCHED and _ON:
        _ON[-1].judge(event, args)


def _target(event: str, args: tuple[Any, ...]) -> tuple[str | None, str]:
    """Return the host that an event is about and the address to show; no host for what stays on the machine."""
    if event in _CONNECTING:
        return _peer(args[0], args[1])
    if event == "socket.getnameinfo":
        return _shown_host(args[0][0]), _address(*args[0][:2])
    host = _shown_host(args[0])
    if not host or (event == "socket.getaddrinfo" and _is_numeric(host)):
        return None, ""  # nothing is looked up for these; connecting to the address is judged when it comes
    port = args[1] if event == "socket.getaddrinfo" else None
    return host, _address(host, port)


def _peer(sock: socket.socket, address: Any) -> tuple[str | None, str]:
    if address is None or sock.family == getattr(socket, "AF_UNIX", None):
        return None, ""  # sendmsg on a socket that is connected already, or a Unix socket
    if isinstance(address, tuple) and len(address) >= 2:
        host = _shown_host(address[0])
        return host or "0.0.0.0", _address(host or "0.0.0.0", address[1])  # noqa: S104 - shown, not bound
    return repr(address), repr(address)


def _shown_host(host: object) -> str:
    return host.decode("ascii", "backslashreplace") if isinstance(host, bytes) else str(host or "")


def _address(host: object, port: object) -> str:
    shown = _shown_host(host)
    if port is None:
        return shown
    return f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address never leaves this machine: 127.0.0.0/8, ::1 or localhost."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.lower().rstrip(".")
        return name == "localhost" or name.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def has_route(proc: Path = Path("/proc/net")) -> bool | None:
    """Tell whether this machine has any way to the internet, from its table of routes; None where there is no such table."""
    try:
        # Gateway routes are those whose destination and mask are all zero; `lo` keeps an unreachable one.
        four = [line.split() for line in (proc / "route").read_text().splitlines()[1:]]
        table = proc / "ipv6_route"
        six = [line.split() for line in table.read_text().splitlines()] if table.exists() else []
    except (OSError, UnicodeDecodeError):
        return None
    by_four = any(len(row) > 7 and row[1] == row[7] == "00000000" for row in four)
    return by_four or any(len(row) > 1 and row[:2] == ["0" * 32, "00"] and row[-1] != "lo" for row in six)


def _thread() -> str | None:
    thread = threading.current_thread()
    return None if thread is threading.main_thread() else thread.name


@cache
def _libraries() -> tuple[str, str]:
    """Return where the standard library lies, and where packages are installed."""
    import sysconfig  # noqa: PLC0415 - 3 ms that only a refusal pays for

    return sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")


def _caller() -> str | None:
    """Return the nearest frame outside the standard library, and outside installed packages if there is one."""
    frame = inspect.currentframe()
    nearest: str | None = None
    while frame is not None:
        file = frame.f_code.co_filename
        if file != __file__ and not file.startswith(("<", *_libraries())):
            return f"{file}:{frame.f_lineno}"
        if nearest is None and file.startswith(_libraries()[1]):
            nearest = f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return nearest
