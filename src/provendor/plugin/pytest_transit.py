"""How the report of a case travels from a worker of pytest-xdist to its controller: most of it as one text, and often alone.

execnet writes and reads each value by itself, in Python: for the seventy of a report that takes longer than judging the case.
As ASCII, because an answer may hold half a character, which execnet cannot carry.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest

from provendor.plugin.pytest_protocol import HEARD, heard
from provendor.plugin.pytest_session import FINDINGS, PLANNED, RESULT, RUN

_PACKED = "provendor_packed"
_PROPERTIES = "user_properties"
_PLAIN = (
    "nodeid",
    "location",
    "when",
    "outcome",
    "duration",
    "start",
    "stop",
    "keywords",
    PLANNED,
    RESULT,
    RUN,
    FINDINGS,
)


class Transit:
    """Packs the reports of cases in a worker, and unpacks them where they arrive."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker, before it starts, whether anybody here hears that a case begins or ends."""
        node.workerinput[HEARD] = tuple(heard(node.config))

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(self) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
        """Put what is JSON as it stands into one text; what other plugins have added may be anything and is left."""
        data = yield
        if data is not None and RESULT in data:
            are_texts = all(type(text) is str for pair in data[_PROPERTIES] for text in pair)
            names = (*_PLAIN, _PROPERTIES) if are_texts else _PLAIN
            data[_PACKED] = json.dumps({name: data.pop(name) for name in names if name in data})
        return data

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> None:
        """Put it back, and leave the rest to pytest."""
        packed = data.pop(_PACKED, None)
        if packed is not None:
            data.update(json.loads(packed))
            data["location"] = tuple(data["location"])
            data[_PROPERTIES] = [tuple(pair) for pair in data[_PROPERTIES]]
