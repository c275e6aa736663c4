"""Personal data by the JSONPaths of a contract: found in documents, replaced by pseudonyms, remembered for other places.

people = People(["$..email", "$..contact_id"])
people.meet(document)
people.known.replaced("mail ada@corp.io")      # "mail person-5c893a@example.com"
people.ids                                    # {"48213377": "73102948"}: to be replaced where an id stands
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from provendor import jsonpath
from provendor.exchange import Json
from provendor.jsontext import Steps
from provendor.redaction import pseudonyms
from provendor.redaction.known_values import KnownValues

NAME: Final = "personal data"

_SHORTEST: Final = 6  # characters of what is replaced wherever it stands
_SHORTEST_ID: Final = 5
_END: Final = r"(?:\.([A-Za-z_][\w-]*)|\[['\"]([^'\"]+)['\"]\])(?:\[(?:\*|[0-9]+)\])*$"
# "who": "…", also where the quotes are escaped, and where the text ends before its value does.
_MEMBER: Final = (
    r"(?P<before>\\{0,7}\"(?P<name>[A-Za-z_][\w-]{0,60})\\{0,7}\"\s{0,20}:\s{0,20})"
    r"(?:(?P<quote>\\{0,7}\")(?P<text>[^\"\\]{1,4000})|(?P<number>-?[0-9]{5,18})(?![0-9.eE]))"
)
_URI: Final = r"[a-z]+://\S+/[0-9]{3,}"
_ID: Final = r"(?:.*_)?g?ids?"


class People:
    """Personal data at these paths, and what was met there so far. Raises jsonpath.NotAPath where one is first needed.

    What is `spared` is left alone: something else is done about it.
    """

    def __init__(self, paths: Sequence[str] = (), spared: Iterable[str] = ()) -> None:
        self.paths = tuple(paths)
        self._made: set[str] = set(spared)
        self.known = KnownValues()
        self.ids: dict[str, str] = {}

    @cached_property
    def _compiled(self) -> tuple[jsonpath.Path, ...]:
        """The compiled paths: only a body needs them, and most of a replay's results show none."""
        return tuple(jsonpath.compile(path) for path in self.paths)

    def steps(self, document: Json) -> set[Steps]:
        """Return the steps to everything in a document that a path names."""
        return {_steps(pointer, document) for path in self._compiled for pointer in path.pointers(document)}

    def names(self, field: str, value: str) -> bool:
        """Tell whether a field of a form is personal: `contact[email]` is what `$..email` names."""
        inner = re.findall(r"[^\[\].]+", field)[-1:] or [field]
        return bool(self.steps({inner[0]: value}))

    def in_members(self, text: str) -> str:
        """Return text without the values of members that are called as a path ends: JSON that breaks off has no paths."""
        if '"' not in text or ":" not in text or not self._ends:
            return text
        return re.sub(_MEMBER, self._member, text)

    def _member(self, found: re.Match[str]) -> str:
        before, name, value = found["before"], found["name"], found["text"]
        if name not in self._ends:
            return found[0]
        if value is None:
            return f"{before}{self.stand_in(int(found['number']))}"
        self._meet(value)
        return f"{before}{found['quote']}{self.stand_in(value)}"

    @cached_property
    def _ends(self) -> frozenset[str]:
        """The names at which paths end: `email` of `$.owner.email`, `ids` of `$..ids[*]`."""
        found = (re.search(_END, path) for path in self.paths)
        return frozenset(each[1] or each[2] for each in found if each)

    def stand_in(self, value: Json) -> Json:
        """Return the pseudonym of what a path names; of a pseudonym it is itself."""
        if isinstance(value, bool) or value is None or str(value) in self._made:
            return value
        if isinstance(value, float):
            return 0.5
        if isinstance(value, str):
            new: Json = pseudonyms.pseudonym(value)
        else:
            new = pseudonyms.pseudonym_of_number(int(str(value)))
        self._made.add(str(new))
        return new

    def meet(self, document: Json) -> None:
        """Remember what the paths name in a document, so that it is replaced elsewhere too."""
        for steps in self.steps(document):
            value = document
            for step in steps:
                value = value[step]  # type: ignore[index]
            for found in _texts(value):
                self._meet(found)

    def _meet(self, text: str) -> None:
        if len(text) < _SHORTEST_ID or text in self._made:
            return
        stand_in = pseudonyms.pseudonym(text)
        if stand_in == text:
            return
        self._made.add(stand_in)
        if len(text) >= _SHORTEST and _is_telling(text):
            self.known.add(text, NAME, stand_in)
        elif text.isdigit():
            self.ids[text] = stand_in


def is_id(steps: Steps) -> bool:
    """Tell whether a value at these steps is an id: `contact_id`, `customerId`, each of `ids`."""
    keys = [step for step in steps if isinstance(step, str)]
    return bool(keys) and re.fullmatch(_ID, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", keys[-1][:100]).lower()) is not None


def _is_telling(text: str) -> bool:
    """Tell whether the text is a person's wherever it stands: an address, a phone number, a full name, an id like no other.

    Digits alone may be an id here and an amount there.
    """
    phone = pseudonyms.PHONE.fullmatch(text) and not text.isdigit()
    unique = pseudonyms.UUID.fullmatch(text) or re.fullmatch(_URI, text)
    return bool(phone or unique or pseudonyms.EMAIL.fullmatch(text) or len(text.split()) > 1)


def _steps(pointer: str, value: Json) -> Steps:
    steps: list[str | int] = []
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        step: str | int = int(name) if isinstance(value, list) else name
        value = value[step]  # type: ignore[index]
        steps.append(step)
    return tuple(steps)


def _texts(value: Json) -> Iterator[str]:
    """Yield every text and whole number below, as text."""
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)
