"""Stand-ins for personal data: the same value always gets the same one, and it keeps its form.

    pseudonym("Ada.Byron@corp.test")      # 'person-9a1c3f@example.com'
    pseudonym("+1 415 867 4001")          # '+1 482 555 0136'
    pseudonym("Ada Byron")                # 'Robin Hill'
    pseudonym(48213377)                   # 73102948, and the text "48213377" becomes "73102948"

So ids stay joined across answers and cassettes, and schemas keep fitting. No table is kept: a stand-in is made from a
digest of the value, too short to tell which of many values it came from.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

EMAIL: Final = re.compile(r"[^\s@\"<>(),:;]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
PHONE: Final = re.compile(r"\+?[0-9(][0-9 ().-]{5,22}[0-9]")
UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_SAFE_DOMAIN = re.compile(r"(?:.*\.)?(?:example\.(?:com|org|net)|(?:example|invalid|test|localhost))", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\.?")
_ID_PART = re.compile(r"[0-9]{3,}")
_STAND_IN = re.compile(r"text-[0-9a-f]{6}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?")

_FIRST: Final = re.findall(
    r"\w+",
    "Alex Avery Bailey Blair Brook Cameron Casey Charlie Dakota Dana Drew Eden Ellis Emery Finley Frankie Gray Hayden "
    "Indigo Jamie Jesse Jordan Jules Kai Kendall Lane Lee Logan Lou Marlow Max Morgan Noel Oakley Parker Peyton Quinn "
    "Reese Remy Riley Robin Rowan Rudy Sage Sam Sasha Shay Sidney Sky Taylor Toby Val Wren",
)
_LAST: Final = re.findall(
    r"\w+",
    "Ash Banks Barnes Bell Birch Brooks Carter Clay Cole Cook Cross Dale Dean Field Fisher Ford Fox Frost Gardner Glen "
    "Grove Hall Hart Heath Hill Holt Hunt Knight Lake Lane Marsh Mason Mills Moss North Page Park Pool Porter Reed Rivers "
    "Rose Shaw Stone Summers Vale Wells West Winter Wood Woods York",
)


def pseudonym(value: str) -> str:
    """Return the stand-in of an e-mail address, a phone number, an id, a name or any other text.

    Addresses at reserved names (example.com, .invalid) and numbers from 555-0100 to 555-0199 are nobody's and stay.
    """
    text = value.strip()
    if not text:
        return value
    if EMAIL.fullmatch(text):
        return _email(text)
    if UUID.fullmatch(text):
        return _uuid(text)
    if _DATE.fullmatch(text):
        return text[:4] + "-01-01" + text[10:]
    if text.isdigit():
        return text if _digits(text)[-7:-2] == "55501" else _number(text)
    if PHONE.fullmatch(text) and len(_digits(text)) >= 7:
        return _phone(text)
    if _STAND_IN.fullmatch(text):
        return text
    if _ID_PART.search(text) and " " not in text:
        return _ID_PART.sub(lambda found: _number(found[0]), text)
    return _name(text)


def clean(text: str) -> str:
    """Return text whose e-mail addresses and international phone numbers are stand-ins; no path need name them.

    clean("mail Ada.Byron@corp.test or call +1 415 867 4001")     # "mail person-9a1c3f@example.com or call +1 482 555 0136"
    """
    if "@" in text:
        text = re.sub(_EMAIL_IN_TEXT, _address, text)
    return re.sub(_PHONE_IN_TEXT, lambda found: _phone(found[0]), text) if "+" in text else text


def _address(found: re.Match[str]) -> str:
    return found[0] if found[0].rpartition(".")[2].lower() in _ENDINGS else _email(found[0])


# A package at a version, a repository and an image for a screen are no people: a@1.2.3, git@host, logo@2x.png.
_EMAIL_IN_TEXT: Final = (
    r"(?<![\w.%+-])(?!git@)\w[\w.%+'-]{0,63}@(?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24}(?![\w-]|\.\w|:[\w/])"
)
_ENDINGS: Final = frozenset(("png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "css", "js", "json", "html", "xml"))
_PHONE_IN_TEXT: Final = r"(?<![\w+/.-])\+[1-9](?:[ ().-]{0,2}[0-9]){9,14}(?!\w)"


def pseudonym_of_number(value: int) -> int:
    """Return the stand-in of a number: as many digits, and the same as its text would get."""
    stand_in = int(_number(str(abs(value))))
    return -stand_in if value < 0 else stand_in


def _seed(kind: str, value: str) -> int:
    return int.from_bytes(sha256(f"{kind}:{value}".encode("utf-8", "surrogatepass")).digest()[:8])


def _email(text: str) -> str:
    if _SAFE_DOMAIN.fullmatch(text.rpartition("@")[2]):
        return text
    return f"person-{_seed('email', text.lower()) & 0xFFFFFF:06x}@example.com"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _phone(text: str) -> str:
    digits = _digits(text)
    if digits[-7:-2] == "55501":
        return text
    seed = _seed("phone", digits.removeprefix("00"))
    country, area = digits[: max(len(digits) - 10, 0)], digits[max(len(digits) - 10, 0) : -7]
    if area:
        area = str(2 + seed % 8) + f"{seed // 8 % 100:02d}"[: len(area) - 1]
    new = iter(f"{country}{area}55501{seed // 800 % 100:02d}")
    return re.sub(r"\d", lambda _: next(new), text)


def _number(text: str) -> str:
    """Return as many digits, none of them leading zeros that were not there; one or two digits tell nothing and stay."""
    if len(text) < 3:
        return text
    bare = text.lstrip("0")
    if len(bare) < 3:
        return text
    low = 10 ** (len(bare) - 1)
    number = low + int.from_bytes(sha256(f"id:{bare}".encode()).digest()) % (9 * low)
    return "0" * (len(text) - len(bare)) + str(number)


def _uuid(text: str) -> str:
    made = sha256(f"uuid:{text.lower()}".encode()).hexdigest()
    return f"{made[:8]}-{made[8:12]}-4{made[13:16]}-a{made[17:20]}-{made[20:32]}"


def _name(text: str) -> str:
    words = text.split()
    if len(words) > 4 or not all(_WORD.fullmatch(word) for word in words):
        return f"text-{_seed('text', text) & 0xFFFFFF:06x}"
    if all(word in _KNOWN_NAMES for word in words):
        return text
    seed = _seed("name", " ".join(words).lower())
    first, last = _FIRST[seed % len(_FIRST)], _LAST[seed // 64 % len(_LAST)]
    return first if len(words) == 1 else f"{first} {last}"


_KNOWN_NAMES: Final = frozenset(_FIRST) | frozenset(_LAST)
