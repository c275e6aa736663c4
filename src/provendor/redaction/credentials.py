"""What credentials look like where their values are not known: by the name of their place, and by their form.

is_secret_header("X-Api-Key")               # True
is_secret_key("nextPageToken")              # False: a place in a list opens nothing
clean("?access_token=abc and Bearer abc1")  # "?access_token=%3Chidden%3E and Bearer <hidden>"
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

HIDDEN: Final = "<hidden>"
"""What stands for a credential whose name in the contract is not known."""

PLACEHOLDER: Final = "(?:<|%3[Cc])[A-Za-z0-9_.-]+(?:>|%3[Ee])"
"""What contracts send as an example: `<api_key>`."""


# Patterns are text: they are compiled when first needed, and replaying needs none of them.


# --- by name ----------------------------------------------------------------------------------------------------------

_HEADERS: Final = (
    r"(?:proxy-)?authorization|(?:set-)?cookie2?"
    r"|(?:.*[-_])?(?:access|auth|api|csrf|xsrf|session|refresh|id|security|private)[-_]?(?:token|key)"
    r"|(?:.*[-_])?(?:token|jwt|password)|(?:.*[-_])?secret(?:[-_].*)?"
)
_SESSION: Final = r"(?:.*[-_])?session[-_]?id"
_KEYS: Final = (
    r"(?:.*_)?(?:token|secret|password|passwd|passphrase|apikey|jwt)|(?:access|auth|refresh|session|csrf)token"
    r"|(?:.*_)?(?:api|private|signing|secret|service_role|anon|auth|encryption|shared|hmac)_key|(?:secret_)?access_key"
    r"|pwd|authorization|cookie|bearer|client_assertion|appsecret_proof"
)
# Named like secrets, and none: where a list goes on, which work is meant.
_HARMLESS: Final = (
    r"(?:.*_)?(?:page|next|prev|previous|continuation|continue|sync|cursor|change|progress|paging|pagination|resume)"
    r"_token"
)
_FIELDS: Final = r"key|sid|sig|signature|hmac|x_(?:amz|goog)_(?:signature|credential|security_token)"


def is_secret_header(name: str) -> bool:
    """Tell whether a header of this name carries a credential."""
    lower = name[:100].lower()
    return re.fullmatch(_HEADERS, lower) is not None and re.fullmatch(_HARMLESS, lower.replace("-", "_")) is None


def is_secret_in_header(name: str, value: str) -> bool:
    """Tell whether a header carries a credential; who knows the id of a session is in it, `s-1` of an example opens none."""
    return is_secret_header(name) or (is_random(value) and re.fullmatch(_SESSION, name[:100].lower()) is not None)


@lru_cache(maxsize=4096)  # the same few names come again and again
def is_secret_key(name: str) -> bool:
    """Tell whether a JSON key of this name holds a credential: `access_token` and `clientSecret`, not `nextPageToken`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:100]).replace("-", "_").lower()
    return re.fullmatch(_KEYS, snake) is not None and re.fullmatch(_HARMLESS, snake) is None


def is_secret_field(name: str) -> bool:
    """Tell whether a query parameter or form field of this name holds a credential; `key` does here."""
    return re.fullmatch(_FIELDS, name[:100].lower().replace("-", "_")) is not None or is_secret_key(name)


def is_secret_place(steps: tuple[str | int, ...], value: object) -> bool:
    """Tell whether a JSON value at these steps is a credential: the innermost key is called like one.

    `{"errors": {"password": ["is too short"]}}` tells what is wrong with a password, not the password.
    """
    keys = [step for step in steps if isinstance(step, str)]
    if not keys or not is_secret_key(keys[-1]):
        return False
    message = isinstance(value, str) and " " in value.strip()
    return not (message and any("error" in key.lower() for key in keys[:-1]))


def header_value(name: str, value: str) -> str:
    """Return a header's value as it may be shown where no secret is known by value."""
    return hidden(value) if is_secret_in_header(name, value) else clean(value)


def field_value(name: str, value: str) -> str:
    """Return the value of a query parameter or form field as it may be shown where no secret is known by value."""
    return hidden(value) if is_secret_field(name) else clean(value)


def is_random(text: str) -> bool:
    """Tell whether text may be a credential and nothing else: twelve letters and digits or more, no words."""
    return re.fullmatch(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9._~+/=-]{12,}", text) is not None


def hidden(value: str) -> str:
    """Return `<hidden>` for a credential, but leave what is an example anyway: `Bearer <api_key>`, `wrong`, nothing."""
    scheme, space, credential = value.rpartition(" ")
    if not value or credential == "wrong" or re.fullmatch(PLACEHOLDER, credential):
        return value
    return f"{scheme} {HIDDEN}" if space and scheme.lower() in ("bearer", "basic", "token") else HIDDEN


def cookies(value: str, every: bool) -> str:
    """Return cookies with their names and attributes, without their values; of Set-Cookie only the first pair is one."""
    parts = value.split(";")
    for index, part in enumerate(parts if every else parts[:1]):
        name, mark, content = part.partition("=")
        if mark:
            parts[index] = f"{name}={hidden(content.strip())}"
    return ";".join(parts)


# --- by form ----------------------------------------------------------------------------------------------------------

_TOKENS: Final = (
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # JWT
    r"|\beyJ(?:hbGci|0eXAi|raWQi)[A-Za-z0-9_.-]*"  # the beginning of one: {"alg", {"typ", {"kid"
    r"|\bshp(?:at|ca|pa|ss|ua)_[0-9A-Za-z]{16,}"  # Shopify
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"  # Slack
    r"|\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9+/=]{16,}"  # Stripe
    r"|\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{16,}|\bGOCSPX-[A-Za-z0-9_-]{16,}"  # Google
    r"|\bEAA[A-Za-z0-9]{30,}"  # Meta
    r"|\bsbp_[A-Za-z0-9]{20,}|\bsb_secret_[A-Za-z0-9_-]{16,}"  # Supabase
    r"|\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic, SendGrid
    r"|\bAKIA[0-9A-Z]{16}\b|\bfo1_[A-Za-z0-9_-]{20,}|\bfm[12][ar]?_[A-Za-z0-9+/=_-]{20,}"  # AWS, Fly
)
_PRIVATE_KEY: Final = r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,20000}-----END [A-Z ]{0,40}PRIVATE KEY-----"
# A digit or a mixture of cases: "Bearer authentication is required" speaks of credentials, and holds none.
_TELLING: Final = r"(?=[A-Za-z._~+/=-]{0,200}[0-9]|[A-Za-z._~+/=-]{0,200}[a-z][A-Z])"
_AUTHORIZATION: Final = rf"\b((?i:Bearer|Basic)) +{_TELLING}([A-Za-z0-9._~+/=-]{{8,}})"
_USER_INFO: Final = r"(?<=://)[^\s/?#@\"'<>:]{0,200}:[^\s/?#@\"'<>]{1,200}@"
_PARAMETER: Final = r"(?:(?<=[?&])|(?<=&amp;))([A-Za-z0-9_.-]{1,60})=([^&\s\"'<>#\\]{1,4000})"
# JSON within other text, also where its quotes are escaped: "access_token": "…".
_MEMBER: Final = (
    r"\"([A-Za-z0-9_-]{1,60})(\\{0,3}\"\s{0,20}:\s{0,20}\\{0,3}\")((?:[^\"\\\s]|\\[^\"\s]){1,4000})(?=\\{0,3}\")"
)
# "api_key=…" and "X-Api-Key: …" in messages and logs.
_NAMED: Final = rf"(?<![A-Za-z0-9_?&-])([A-Za-z][A-Za-z0-9_-]{{1,60}})(=|: ?){_TELLING}([A-Za-z0-9._~+/=-]{{6,4000}})"
_INPUT: Final = (
    r"(<(?:input|meta)\b[^<>]{0,200}?\bname=[\"']([A-Za-z0-9_-]{1,60})[\"'][^<>]{0,200}?\b(?:value|content)=[\"'])"
    r"([^\"'<>]{1,4000})"
)


def clean(text: str) -> str:
    """Return text without what looks like a credential: tokens, keys, `Authorization` values, parameters of URLs."""
    return _cleaned_before(text) if len(text) <= _SHORT else _cleaned(text)


_SHORT: Final = 200  # characters: reasons and parts of URLs are the same for thousands of results


@lru_cache(maxsize=4096)
def _cleaned_before(text: str) -> str:
    return _cleaned(text)


def _cleaned(text: str) -> str:
    if "://" in text:
        text = re.sub(_USER_INFO, f"{quote(HIDDEN)}@", text)
    if "=" in text:
        text = re.sub(_PARAMETER, _parameter, text)
    text = re.sub(_AUTHORIZATION, rf"\1 {HIDDEN}", text)
    text = re.sub(_PRIVATE_KEY, HIDDEN, text)
    text = re.sub(_TOKENS, HIDDEN, text)
    if '":' in text or '" :' in text:
        text = re.sub(_MEMBER, _member, text)
    if "=" in text or ":" in text:
        text = re.sub(_NAMED, _named, text)
    return re.sub(_INPUT, _input, text) if "<" in text else text


def _parameter(found: re.Match[str]) -> str:
    name, value = found.groups()
    if not is_secret_field(name) or hidden(value) != HIDDEN:
        return found[0]
    return f"{name}={quote(HIDDEN)}"


def _member(found: re.Match[str]) -> str:
    name, between, value = found.groups()
    return f'"{name}{between}{hidden(value)}' if is_secret_key(name) else found[0]


def _named(found: re.Match[str]) -> str:
    name, between, value = found.groups()
    secret = is_secret_key(name) or (between != "=" and is_secret_in_header(name, value))
    return f"{name}{between}{hidden(value)}" if secret else found[0]


def _input(found: re.Match[str]) -> str:
    before, name, value = found.groups()
    return f"{before}{hidden(value)}" if is_secret_field(name) else found[0]
