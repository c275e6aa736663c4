"""Turns are booked, not slept for: a test reads from the wait when each turn would have been."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from contract_files import a_contract, a_vendor
from provendor.clock import VirtualClock
from provendor.contract import RateLimit, Vendor
from provendor.errors import Fault
from provendor.reader import loading
from provendor.requests import Values
from provendor.wire import pacing
from provendor.wire.pacing import Pace, Told


class Wall:
    """A clock on the wall that stands still until it is set."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.start = self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pace"


def a_pace(wall: Wall, requests: int = 3, per_s: float = 10.0, file: Path | None = None) -> Pace:
    return Pace(RateLimit(requests, per_s), file, clock=VirtualClock(), wall=wall)


def turns(pace: Pace, wall: Wall, count: int) -> list[float]:
    """When each of so many turns is, in seconds since the wall clock's start."""
    return [round(wall.now - wall.start + asyncio.run(pace.turn()), 6) for _ in range(count)]


def most_in_any_span(moments: Sequence[float], per_s: float) -> int:
    return max(sum(first <= each < first + per_s for each in moments) for first in moments)


def test_as_many_turns_as_the_rate_allows_are_at_once_and_the_next_when_the_first_is_forgotten(wall: Wall):
    """Never more than three in any ten seconds, and never fewer than there could be."""
    assert turns(a_pace(wall), wall, 7) == [0, 0, 0, 10, 10, 10, 20]


def test_turns_that_were_not_taken_are_not_saved_up(wall: Wall):
    """After an hour of silence there are three turns, as ever."""
    pace = a_pace(wall)
    turns(pace, wall, 2)
    wall.now += 3600

    assert turns(pace, wall, 4) == [3600, 3600, 3600, 3610]


def test_a_span_begins_with_each_turn(wall: Wall):
    """What is booked late in a span still counts in the next."""
    pace = a_pace(wall)
    assert turns(pace, wall, 1) == [0]
    wall.now += 9

    assert turns(pace, wall, 4) == [9, 9, 10, 19]


def test_everybody_with_the_file_shares_the_turns(wall: Wall, file: Path):
    """Two paces of one file, as two workers have them."""
    first, second = a_pace(wall, file=file), a_pace(wall, file=file)

    assert turns(first, wall, 2) + turns(second, wall, 2) + turns(first, wall, 1) == [0, 0, 0, 10, 10]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file is always full here")
def test_a_full_disk_costs_nobody_a_turn_and_the_rate_is_kept(wall: Wall):
    """By this process for itself: it is not the vendor that fails."""
    pace = a_pace(wall, file=Path("/dev/full"))

    assert turns(pace, wall, 4) == [0, 0, 0, 10]
    pace.heed(Told(retry_after_s=60.0))
    assert turns(pace, wall, 1) == [60]

    told_first = a_pace(wall, file=Path("/dev/full"))
    told_first.heed(Told(retry_after_s=60.0))
    assert turns(told_first, wall, 1) == [60]


def test_without_a_limit_there_is_always_a_turn(wall: Wall):
    """The contract says nothing about a rate."""
    assert turns(Pace(None, None, clock=VirtualClock(), wall=wall), wall, 100) == [0] * 100


def test_waiting_is_left_to_the_clock(wall: Wall):
    """The lock is not held meanwhile: the other one books its turn at once."""
    clock = VirtualClock()
    pace = Pace(RateLimit(1, 5.0), None, clock=clock, wall=wall)
    turns(pace, wall, 2)

    assert clock.now() == 5.0


def test_a_turn_that_is_too_far_away_is_not_waited_for(wall: Wall):
    """And it is not booked either: whoever asks later finds it free."""
    pace = a_pace(wall, requests=1, per_s=3600)
    turns(pace, wall, 1)

    with pytest.raises(
        Fault, match=r"our own pace for the vendor has no turn within 900 s, the next one is in 3600 s"
    ) as caught:
        turns(pace, wall, 1)
    wall.now += 3600

    assert (caught.value.code, caught.value.retryable) == ("paced-out", True)
    assert turns(pace, wall, 1) == [3600]


# --- what the vendor says ---------------------------------------------------------------------------------------------


def test_a_wait_that_the_vendor_asks_for_holds_for_everybody(wall: Wall, file: Path):
    """One process hears it, the other waits as well."""
    one, other = a_pace(wall, file=file), a_pace(wall, file=file)
    one.heed(Told(retry_after_s=30))

    assert turns(other, wall, 1) == [30]
    assert turns(one, wall, 1) == [30]


def test_a_shorter_wait_does_not_end_a_longer_one(wall: Wall):
    """Answers overtake each other."""
    pace = a_pace(wall)
    pace.heed(Told(retry_after_s=30))
    pace.heed(Told(retry_after_s=5))

    assert turns(pace, wall, 1) == [30]


def test_no_more_turns_than_the_vendor_says_are_left(wall: Wall):
    """Somebody else uses the same credential: the vendor counts one left where we counted three."""
    pace = a_pace(wall)
    pace.heed(Told(remaining=1, reset_s=8))

    assert turns(pace, wall, 3) == [0, 8, 8]


def test_an_older_answer_does_not_bring_turns_back(wall: Wall):
    """Within one span what is left only shrinks."""
    pace = a_pace(wall)
    pace.heed(Told(remaining=0, reset_s=8))
    pace.heed(Told(remaining=2, reset_s=8.4))

    assert turns(pace, wall, 1) == [8.4]


def test_a_new_span_counts_anew(wall: Wall):
    """After the reset the vendor's newest count is taken."""
    pace = a_pace(wall)
    pace.heed(Told(remaining=0, reset_s=8))
    wall.now += 9
    pace.heed(Told(remaining=2, reset_s=10))

    assert turns(pace, wall, 3) == [9, 9, 19]


@pytest.mark.parametrize("told", [Told(), Told(remaining=0), Told(reset_s=9), Told(remaining=10, reset_s=60)])
def test_an_answer_that_says_nothing_useful_changes_nothing(wall: Wall, told: Told):
    """Half of a rate header, or more left than we would use."""
    pace = a_pace(wall)
    pace.heed(told)

    assert turns(pace, wall, 3) == [0, 0, 0]


def test_a_vendor_that_asks_for_a_year_is_not_believed(wall: Wall):
    """A day at most."""
    pace = a_pace(wall)
    pace.heed(Told(retry_after_s=31_536_000))
    wall.now += 86_400

    assert turns(pace, wall, 1) == [86_400]


# --- clocks, processes, files -----------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back_delays_nobody(wall: Wall):
    """An hour back: the turns of the last ten seconds still count, and nothing else does."""
    pace = a_pace(wall)
    turns(pace, wall, 4)
    pace.heed(Told(retry_after_s=12))
    wall.now -= 3600
    wall.start -= 3600

    assert turns(pace, wall, 1) == [12]


BOOKING = """
import asyncio, sys
from pathlib import Path
from provendor.clock import VirtualClock
from provendor.contract import RateLimit
from provendor.wire.pacing import Pace

pace = Pace(RateLimit(7, 2.0), Path(sys.argv[1]), clock=VirtualClock(), wall=lambda: 1000.0)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(200):
    print(asyncio.run(pace.turn(1e9)))
"""


def test_processes_together_keep_the_rate(file: Path):
    """Three of them book as fast as they can: no turn is given twice, none is lost."""
    with running(BOOKING, str(file), count=3) as processes:
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        moments = sorted(float(line) for process in processes for line in process.stdout)

    assert len(moments) == 600
    assert most_in_any_span(moments, 2.0) == 7
    assert moments[-1] == (600 - 1) // 7 * 2.0


HOLDING = """
import sys, time
from pathlib import Path
from provendor.clock import VirtualClock
from provendor.contract import RateLimit
from provendor.wire.pacing import Pace

with Pace(RateLimit(3, 10.0), Path(sys.argv[1]), clock=VirtualClock(), wall=lambda: 1_000_000.0)._lock:
    print("ready", flush=True)
    time.sleep(600)
"""


def test_a_process_that_is_killed_with_the_lock_in_hand_blocks_nobody(wall: Wall, file: Path):
    """The system takes the lock away from who has died."""
    with running(HOLDING, str(file)) as (process,):
        process.send_signal(signal.SIGKILL)
        process.wait()

        assert turns(a_pace(wall, file=file), wall, 3) == [0, 0, 0]


class running:  # noqa: N801 - reads as a statement
    """So many processes of a program, each of which has said that it is ready; none outlives the block."""

    def __init__(self, program: str, *words: str, count: int = 1) -> None:
        command = [sys.executable, "-c", program, *words]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._processes = [subprocess.Popen(command, **pipes) for _ in range(count)]

    def __enter__(self) -> list[Any]:
        for process in self._processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        return list(self._processes)

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


def the_vendor(root: Path, **keys: Any) -> Vendor:
    a_contract(root, a_vendor(rate_limit={"requests": 1, "per": "10s"}, **keys))
    return loading.load(root).vendors["acme"]


def values(**of: Any) -> Values:
    known = {"base_url": "https://api.acme.example", "api_key": "k3y-of-ours", **of}
    return Values(known, frozenset({"api_key"}))


@pytest.fixture
def paces(wall: Wall, tmp_path: Path) -> Iterator[Any]:
    opened: list[Pace] = []
    vendor = the_vendor(tmp_path / "suite")

    def shared(folder: Path = tmp_path / "state", **of: Any) -> Pace:
        opened.append(Pace.shared(vendor, values(**of), folder, clock=VirtualClock(), wall=wall))
        return opened[-1]

    yield shared
    for pace in opened:
        pace.close()


def test_one_credential_has_one_pace(paces: Any, wall: Wall):
    """Asked with the same values, whatever they are not used for."""
    assert turns(paces(), wall, 1) + turns(paces(user_id=8), wall, 1) == [0, 10]


@pytest.mark.parametrize("other", [{"api_key": "another-key"}, {"base_url": "https://other.acme.example"}])
def test_another_credential_or_server_has_another_pace(paces: Any, wall: Wall, other: dict[str, str]):
    """What the vendor counts apart is paced apart."""
    assert turns(paces(), wall, 1) + turns(paces(**other), wall, 1) == [0, 0]


def test_no_credential_is_on_disk(paces: Any, wall: Wall, tmp_path: Path):
    """Names are keyed digests, so that nobody can try credentials against them, and only their owner can read the folder."""
    turns(paces(), wall, 1)
    turns(paces(tmp_path / "elsewhere"), wall, 1)
    files = [
        path for path in (*(tmp_path / "state").iterdir(), *(tmp_path / "elsewhere").iterdir()) if path.name != "key"
    ]

    assert len({path.name for path in files}) == 2
    assert all(b"k3y-of-ours" not in path.read_bytes() for path in files)
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path / "state", *files)] == ["0o700", "0o600", "0o600"]


def test_where_nothing_can_be_written_the_pace_is_kept_all_the_same(paces: Any, wall: Wall, tmp_path: Path):
    """By this process alone."""
    (tmp_path / "in-the-way").write_text("a file")

    assert turns(paces(tmp_path / "in-the-way" / "pace"), wall, 2) == [0, 10]


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({"XDG_STATE_HOME": "/state", "HOME": "/home/me"}, "/state/provendor/pace"),
        ({"HOME": "/home/me"}, "/home/me/.local/state/provendor/pace"),
    ],
)
def test_paces_lie_where_this_user_keeps_state(env: dict[str, str], folder: str):
    """As the XDG base directories say."""
    assert pacing.home(env) == Path(folder)


def test_without_a_home_paces_lie_in_a_folder_of_this_user():
    """A container may have none."""
    assert f"provendor-{os.getuid()}" in pacing.home({}).parts


def test_a_service_account_has_one_pace_whatever_its_token_is(tmp_path: Path, wall: Wall):
    """Tokens change every hour, the account does not."""
    secrets = {
        name: {"env": f"ACME_{name.upper()}"} for name in ("access_token", "assertion", "account", "private_key")
    }
    sent = {"issuer": "{account}", "key": "{private_key}", "audience": "https://acme.example", "gives": "assertion"}
    token = {
        "summary": "A token.",
        "request": "POST /token",
        "auth": "none",
        "form": {"assertion": "{assertion}"},
        "safety": "read",
        "cases": {"ok": {"status": 200}},
    }
    vendor = a_vendor(
        secrets=secrets,
        auth={"bearer": "{access_token}"},
        oauth2={"grant": "jwt_bearer", "token": "oauth.token", "gives": "access_token", "assertion": sent},
        rate_limit={"requests": 1, "per": "10s"},
    )
    a_contract(tmp_path, vendor, {"operations": {"oauth.token": token}})
    acme = loading.load(tmp_path).vendors["acme"]

    def booked(**of: str) -> list[float]:
        known = {"base_url": "https://api.acme.example", "account": "robot@acme.example", "private_key": "k1", **of}
        pace = Pace.shared(acme, Values(known, frozenset(secrets)), tmp_path / "state", clock=VirtualClock(), wall=wall)
        return turns(pace, wall, 1)

    assert booked(access_token="t1", assertion="a1") + booked(access_token="t2", assertion="a2") == [0, 10]
    assert booked(account="another@acme.example") == [0]


def test_a_file_does_not_grow(wall: Wall, file: Path):
    """Forty bytes, and eight for each turn of a span, however many turns there were."""
    turns(a_pace(wall, file=file), wall, 30)

    assert file.stat().st_size == 40 + 3 * 8
