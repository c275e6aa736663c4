"""libcurl's transfers on the running event loop: whoever adds one is told when it has ended.

multi = Multi()
multi.add(handle, on_end)      # on_end(code, words) in a later turn of the loop; E_OK and no words where all went well
multi.remove(handle)           # or it is broken off, and nobody is told
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from math import inf
from typing import Any, Final

import pycurl

OnEnd = Callable[[int, str], None]

_MOST_CONNECTIONS: Final = 512  # idle ones included: a process may often have 1024 open files, and others need some


class Multi:
    """Transfers side by side, driven by sockets and timers. Made and used on one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, _MOST_CONNECTIONS)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, _MOST_CONNECTIONS)
        self._told: dict[pycurl.Curl, OnEnd] = {}
        self._at_once: asyncio.Handle | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._telling: asyncio.Handle | None = None
        self._due = inf
        self._watched: dict[int, int] = {}
        self._wanted: dict[int, int] = {}
        self._closing = False

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return bool(self._multi.closed)

    def add(self, handle: pycurl.Curl, on_end: OnEnd) -> None:
        """Begin a transfer: at once where it is the only one, else in the next turn of the loop, with all that come till then."""
        self._multi.add_handle(handle)
        self._told[handle] = on_end
        if self._at_once is not None and len(self._told) == 1:
            self._at_once.cancel()
            self._at_once = None
            if self._moves(pycurl.SOCKET_TIMEOUT, 0):
                self._tell_later()
            self._settle()

    def remove(self, handle: pycurl.Curl) -> None:
        """Break a transfer off, unless it has ended."""
        if self._told.pop(handle, None) is not None:
            self._multi.remove_handle(handle)
            self._settle()

    def close(self, *, elsewhere: bool = False) -> None:
        """Break off what is under way, and close every connection.

        libcurl waits for its lookups, and name servers that are silent let it wait for half a minute: `elsewhere` lets a
        thread wait for that.
        """
        for handle in tuple(self._told):
            self.remove(handle)
        self._closing = True
        for handle_of_loop in (self._at_once, self._alarm, self._telling):
            if handle_of_loop is not None:
                handle_of_loop.cancel()
        for fd in tuple(self._watched):
            self._watch(fd, pycurl.POLL_NONE)
        if elsewhere:
            threading.Thread(target=self._multi.close, daemon=True).start()
        else:
            self._multi.close()

    # --- what libcurl tells ---

    def _on_timer(self, timeout_ms: int) -> None:
        """Note when libcurl wants to be called. What rings too early is set anew then: nearly every call moves it on."""
        if self._closing:
            return
        if timeout_ms == 0:
            self._at_once = self._at_once or self._loop.call_soon(self._go_on)
            return
        self._due = self._loop.time() + timeout_ms / 1000 if timeout_ms > 0 else inf
        if self._due < (self._alarm.when() if self._alarm else inf):
            self._set_alarm()

    def _on_socket(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        """Note what a socket is to be watched for. What libcurl closes is let go of at once: its number may be given anew."""
        wanted = what & pycurl.POLL_INOUT
        if wanted:
            self._wanted[fd] = wanted
        else:
            self._wanted.pop(fd, None)
            self._watch(fd, wanted)

    # --- what the loop tells ---

    def _go_on(self) -> None:
        self._at_once = None
        self._drive(pycurl.SOCKET_TIMEOUT, 0)

    def _ring(self) -> None:
        self._alarm = None
        if self._due <= self._loop.time():
            self._due = inf
            self._drive(pycurl.SOCKET_TIMEOUT, 0)
        elif self._due < inf:
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(self._due, self._ring)

    def _drive(self, fd: int, ready: int) -> None:
        """Let libcurl read and write. Who has ended is told when all that has arrived is read, so that nobody's answer waits."""
        if self._moves(fd, ready):
            if len(self._told) == 1:
                self._tell()
            else:
                self._tell_later()
        self._settle()

    def _moves(self, fd: int, ready: int) -> bool:
        """Let libcurl read and write, and return whether a transfer has ended of which nobody is told yet."""
        try:
            _, running = self._multi.socket_action(fd, ready)
        except pycurl.error as trouble:  # nothing will come to its end any more
            code, words = (*trouble.args, "")[:2]
            for handle in tuple(self._told):
                self._ended(handle, code, str(words))
            return False
        return bool(running < len(self._told))

    def _tell_later(self) -> None:
        """Tell in the next turn of the loop: before the turn of whoever is woken by what was read in this one."""
        self._telling = self._telling or self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._telling = None
        _, good, bad = self._multi.info_read()
        for handle in good:
            self._ended(handle, pycurl.E_OK, "")
        for handle, code, words in bad:
            self._ended(handle, code, words)

    def _settle(self) -> None:
        """Watch the sockets as libcurl last said: an answer has often come meanwhile, and nothing need be watched."""
        while self._wanted:
            self._watch(*self._wanted.popitem())

    def _watch(self, fd: int, wanted: int) -> None:
        loop, before = self._loop, self._watched.get(fd, 0)
        if wanted == before:
            return
        for flag, add, remove, react in (
            (pycurl.POLL_IN, loop.add_reader, loop.remove_reader, pycurl.CSELECT_IN),
            (pycurl.POLL_OUT, loop.add_writer, loop.remove_writer, pycurl.CSELECT_OUT),
        ):
            if wanted & flag and not before & flag:
                add(fd, self._drive, fd, react)
            elif before & flag and not wanted & flag:
                remove(fd)
        if wanted:
            self._watched[fd] = wanted
        else:
            self._watched.pop(fd, None)

    def _ended(self, handle: pycurl.Curl, code: int, words: str) -> None:
        on_end = self._told.pop(handle, None)
        if on_end is not None:
            self._multi.remove_handle(handle)
            on_end(code, words)
