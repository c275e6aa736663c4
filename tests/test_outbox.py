from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provendor.probes.alerts import Told
from provendor.probes.history import KEPT_S, History, Watched
from provendor.probes.outbox import GATHER_S, GIVEN_UP_S, Message, Outbox, Post
from provendor.verdict import Outcome

NOW = 1_795_608_000.0
LIST = Watched("chatwoot", "conversations.list", "ok", "production")
TOLD = {LIST: Told(Outcome.FAIL, 7, NOW)}


def a_message(key: str = "7 down", channel: str = "ops", topic: str = "chatwoot", **changes: Any) -> Message:
    return Message(channel, topic, key, **{"title": f"title of {key}", "text": f"text of {key}", **changes})


def taken(outbox: Outbox, now: float) -> list[Post]:
    """Everything that is due, in the order in which it is sent."""
    return list(iter(lambda: outbox.take(now), None))


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    with History(None) as history:
        yield Outbox(history)


def test_what_people_believe_is_kept_with_the_messages_that_make_them(tmp_path: Path):
    """Across restarts."""
    with History(tmp_path) as history:
        Outbox(history).put(TOLD, [a_message()], NOW)

    with History(tmp_path) as history:
        assert Outbox(history).told() == TOLD
        [post] = taken(Outbox(history), NOW + GATHER_S)
        assert (post.channel, post.title, post.text) == ("ops", "title of 7 down", "text of 7 down")


def test_a_message_is_told_once_per_channel(outbox: Outbox):
    """However often it is put."""
    outbox.put(TOLD, [a_message(), a_message(), a_message(channel="mail")], NOW)
    outbox.put(TOLD, [a_message()], NOW)

    assert [post.channel for post in taken(outbox, NOW + GATHER_S)] == ["ops", "mail"]
    assert outbox.take(NOW + 1e5) is None


def test_messages_of_one_topic_go_out_together(outbox: Outbox):
    """One outage is one message; another vendor's is another."""
    outbox.put({}, [a_message("1"), a_message("2", topic="shopify")], NOW)
    outbox.put({}, [a_message("3")], NOW + 4)
    assert outbox.take(NOW + 4.9) is None

    chatwoot, shopify = taken(outbox, NOW + 5)

    assert (chatwoot.title, chatwoot.text) == ("title of 1 and 1 more", "text of 1\n\ntext of 3")
    assert shopify.title == "title of 2"


def test_a_title_tells_of_the_last_of_another_kind(outbox: Outbox):
    """What had to wait may be over by now."""
    outbox.put({}, [a_message("1", title="DOWN a/b (vendor)"), a_message("2", title="DOWN a/c (vendor)")], NOW)
    outbox.put({}, [a_message("3", title="RECOVERED a/b")], NOW + 1)

    assert [post.title for post in taken(outbox, NOW + 5)] == ["DOWN a/b (vendor) and 2 more, last RECOVERED a/b"]


def test_what_was_sent_is_not_sent_again(outbox: Outbox):
    """Nor is it waiting."""
    outbox.put({}, [a_message()], NOW)
    assert outbox.next_at() == NOW + GATHER_S
    [post] = taken(outbox, NOW + GATHER_S)
    outbox.sent(post)

    assert outbox.next_at() is None
    assert outbox.counts() == {"sent": 1}


def test_what_could_not_be_sent_is_tried_again_later_and_at_last_given_up(outbox: Outbox):
    """Ever less often."""
    outbox.put({}, [a_message()], NOW)
    now, waits = NOW + GATHER_S, list[float]()
    while (due := outbox.next_at()) is not None:
        [post] = taken(outbox, due)
        outbox.failed(post, due)
        waits.append(due - now)
        now = due

    assert waits[:5] == [0, 10, 30, 60, 120]
    assert max(waits) == 600
    assert GIVEN_UP_S <= now - NOW < GIVEN_UP_S + 600
    assert outbox.counts() == {"given up": 1}


def test_a_prober_killed_while_it_sends_does_not_send_again(tmp_path: Path):
    """Nobody knows whether it went out; what was not begun is sent by the next prober."""
    script = (
        "import os, signal, sys, test_outbox as t; from pathlib import Path\n"
        "outbox = t.Outbox(t.History(Path(sys.argv[1])))\n"
        "outbox.put(t.TOLD, [t.a_message('1')], t.NOW)\n"
        "outbox.take(t.NOW + t.GATHER_S)\n"
        "outbox.put(t.TOLD, [t.a_message('2')], t.NOW)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=here, check=False)
    assert done.returncode == -signal.SIGKILL

    with History(tmp_path) as history:
        outbox = Outbox(history)
        assert outbox.recover() == 1
        assert [post.title for post in taken(outbox, NOW + GATHER_S)] == ["title of 2"]
        assert outbox.counts() == {"unknown": 1, "sending": 1}


def test_a_channel_that_fails_is_left_alone_for_a_moment(outbox: Outbox):
    """So that one that does not answer keeps no alert from the others."""
    outbox.put({}, [a_message("1"), a_message("2", topic="shopify"), a_message("3", "mail")], NOW)
    now = NOW + GATHER_S
    first = outbox.take(now)
    assert first is not None
    assert (first.channel, first.keys) == ("ops", ("1",))
    outbox.failed(first, now)

    assert [post.channel for post in taken(outbox, now)] == ["mail"]
    assert [post.keys for post in taken(outbox, now + 10)] == [("1",), ("2",)]


def test_old_messages_are_forgotten(outbox: Outbox):
    """With what has become of them."""
    outbox.put(TOLD, [a_message()], NOW)
    outbox.prune(NOW + KEPT_S + 1)

    assert outbox.counts() == {}
    assert outbox.told() == TOLD
