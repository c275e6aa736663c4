from __future__ import annotations

import json

import pytest

from logs import logged
from loopback import Answer, serve
from provendor.errors import UsageError
from provendor.probes.messenger import Messenger, channels_of

pytestmark = pytest.mark.loopback


def test_channels_are_named_by_the_environment():
    """One URL each; an empty one is none."""
    env = {
        "PROVENDOR_ALERT_OPS": "json://a",
        "PROVENDOR_ALERT_MAIL": " mailto://b ",
        "PROVENDOR_ALERT_X": "",
        "HOME": "/",
    }

    assert channels_of(env) == {"mail": "mailto://b", "ops": "json://a"}


def test_a_message_goes_out_over_its_channel():
    """Title and text as they are."""
    with serve(lambda _: Answer()) as server:
        messenger = Messenger({"ops": server.url.replace("http://", "json://") + "/hook", "none": "json://127.0.0.1:9"})
        assert messenger.send("ops", "DOWN acme/users.get (vendor)", "what: *503* <b>\nsince: noon")

    [seen] = server.seen
    said = json.loads(seen.body)
    assert (seen.path, said["title"]) == ("/hook", "DOWN acme/users.get (vendor)")
    assert said["message"] == "what: *503* <b>\nsince: noon"
    assert messenger.names == ("ops", "none")


@pytest.mark.parametrize(("setting", "count"), [("", 1), ("?overflow=split", 2)])
def test_a_text_that_is_too_long_for_a_channel_is_cut_off_unless_its_url_says_otherwise(setting: str, count: int):
    """A service that refuses it would tell nobody of an outage that is large."""
    with serve(lambda _: Answer()) as server:
        messenger = Messenger({"ops": f"{server.url.replace('http://', 'json://')}/{setting}"})
        assert messenger.send("ops", "DOWN", "what: 503\n" * 4_000)

    texts = [json.loads(seen.body)["message"] for seen in server.seen]
    assert len(texts) == count
    assert all(len(text) <= 32_768 for text in texts)


def test_a_channel_that_refuses_or_is_not_there_says_so():
    """And raises nothing."""
    with serve(lambda _: Answer(status=500)) as server:
        messenger = Messenger({"ops": server.url.replace("http://", "json://")})
        assert not messenger.send("ops", "title", "text")
    assert not messenger.send("ops", "title", "text")
    assert not messenger.send("pager", "title", "text")


def test_a_url_that_nobody_understands_is_an_error_that_does_not_show_it():
    """It may hold a credential."""
    with pytest.raises(UsageError, match=r"^PROVENDOR_ALERT_OPS is no URL that Apprise understands") as trouble:
        Messenger({"ops": "nonsense://canary-4f1c9d7e"})

    assert "canary" not in str(trouble.value)


def test_nothing_of_a_message_is_logged():
    """Apprise's own log shows URLs and texts, and that of urllib3 the paths of URLs."""
    with logged() as log, serve(lambda _: Answer(status=500)) as server:
        messenger = Messenger({"ops": server.url.replace("http://", "json://") + "/canary-4f1c9d7e"})
        messenger.send("ops", "title", "text of canary-5a")

    assert "canary" not in log.getvalue()
