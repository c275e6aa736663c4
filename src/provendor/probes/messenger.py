"""Messages to people over whatever they read: Slack, mail, pagers and a hundred more; the one module that knows Apprise.

    channels = channels_of(os.environ)             # {"ops": "slack://…"} from PROVENDOR_ALERT_OPS
    messenger = Messenger(channels)                # raises UsageError for a URL that nobody understands
    messenger.send("ops", "DOWN chatwoot/health.web", "…")

A channel's URL is a credential: it stands in the environment only, and is never shown.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from provendor.errors import UsageError

if TYPE_CHECKING:
    import apprise

PREFIX: Final = "PROVENDOR_ALERT_"


def channels_of(env: Mapping[str, str]) -> dict[str, str]:
    """Return the URL of each channel that the environment names, by the channel's name."""
    found = {name.removeprefix(PREFIX).lower(): url.strip() for name, url in env.items() if name.startswith(PREFIX)}
    return {name: url for name, url in sorted(found.items()) if name and url}


class Messenger:
    """The channels, ready to send. Blocks while it sends: use it on a thread of its own."""

    def __init__(self, channels: Mapping[str, str]) -> None:
        # Its log shows URLs, and what was sent; that of what it sends with, the paths of URLs, in which services have their keys.
        for name in ("apprise", "urllib3"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it loads what Python is about to drop
            import apprise  # noqa: PLC0415 - it takes half a second, and only probes that alert use it

            self._text = apprise.NotifyFormat.TEXT
            self._channels = {name: _channel(apprise.Apprise(), name, url) for name, url in channels.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the channels."""
        return tuple(self._channels)

    def send(self, channel: str, title: str, text: str) -> bool:
        """Send a message, and return whether it went out."""
        try:
            return bool(self._channels[channel].notify(title=title, body=text, body_format=self._text))
        except Exception:  # noqa: BLE001 - a hundred plug-ins may raise anything, and none may end the prober
            return False


def _channel(channel: apprise.Apprise, name: str, url: str) -> apprise.Apprise:
    if not channel.add(url):
        raise UsageError(
            f"{PREFIX}{name.upper()} is no URL that Apprise understands: https://appriseit.com/services/ lists them"
        )
    if "overflow=" not in url:
        from apprise.common import OverflowMode  # noqa: PLC0415 - as above

        for service in channel:
            service.overflow_mode = OverflowMode.TRUNCATE  # many refuse what is too long: the first of it is worth more
    return channel
