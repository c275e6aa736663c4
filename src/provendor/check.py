"""Checks: functions that judge one exchange, how they are marked, found and run.

    @check("chatwoot/messages.*")
    def a_draft_is_private(exchange: Exchange, expect: Expect) -> None:
        \"\"\"A draft is a private note.\"\"\"
        assert exchange.json["private"] is True, "the draft can be seen by the customer"

A check says no with a failing `assert` or by yielding a `Finding` (`level=Outcome.WARN` for what is only worth
knowing), has nothing to say with `raise Skip("why")`, and says yes by doing none of this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any, NamedTuple, TypeAlias, overload

from provendor.cache import Cache
from provendor.contract import Expect
from provendor.errors import ContractError, Problem
from provendor.exchange import BodyNotJson, Exchange, Json
from provendor.redaction.redact import Redactor
from provendor.selector import vendors_named
from provendor.verdict import Finding, Outcome, Skip, Verdict

Judge: TypeAlias = Callable[..., "Iterable[Finding] | None"]  # (exchange, expect), and `beside` where that is named

_MOST_FINDINGS = 50  # more of the same helps nobody, and a generator may never end
_LONGEST_MESSAGE = 300


class Check(NamedTuple):
    """A marked function. `patterns` are the selectors it is bound to; none means every case.

    `beside` is the one case whose answer it compares with the one it judges; `given` hands that answer over. `summary` is
    the first line of its docstring: the claim that is true where the check passes.
    """

    name: str
    judge: Judge
    patterns: tuple[str, ...] = ()
    summary: str = ""
    beside: str = ""

    def __call__(self, exchange: Exchange, expect: Expect) -> Iterable[Finding] | None:
        """Call the function itself, as its own tests do."""
        return self.judge(exchange, expect)

    def given(self, beside: Exchange) -> Check:
        """Return the same check with the answer that it compares with."""
        return self._replace(judge=partial(self.judge, beside=beside), beside="")


@overload
def check(judge: Judge, /) -> Check: ...
@overload
def check(*patterns: str, beside: str = "") -> Callable[[Judge], Check]: ...
def check(*marked: Any, beside: str = "") -> Any:
    """Mark a function as a check, for `load_checks` to find: `@check`, or `@check("vendor/operation.*", …)`.

    With `beside="vendor/operation:case"` it also takes the recorded answer of that case, as `beside`. Raises TypeError for
    what could never judge: an async function, or one that does not take (exchange, expect).
    """
    if len(marked) == 1 and callable(marked[0]):
        return _mark(marked[0], ())
    if not all(isinstance(pattern, str) and pattern for pattern in marked):
        raise TypeError('@check takes selectors, such as @check("chatwoot/messages.*")')
    return lambda judge: _mark(judge, marked, beside)


def _mark(judge: Any, patterns: tuple[str, ...], beside: str = "") -> Check:
    name = getattr(judge, "__name__", "check")
    code = getattr(judge, "__code__", None)
    if beside or not (isinstance(code, CodeType) and _is_plain(code)):
        _refuse_unfit(judge, name, ("beside",) if beside else ())
    summary = (judge.__doc__ or "").strip().partition("\n")[0]
    return Check(name.strip("_").replace("_", "-"), judge, patterns, summary, beside)


_ASYNC = 0x80 | 0x200  # CO_COROUTINE, CO_ASYNC_GENERATOR


def _is_plain(code: CodeType) -> bool:
    """Tell whether it is a plain function of just two arguments, as nearly every check is."""
    return code.co_argcount == 2 and code.co_kwonlyargcount == 0 and not code.co_flags & _ASYNC


def _refuse_unfit(judge: Any, name: str, others: tuple[str, ...]) -> None:
    """Raise TypeError for what could never judge."""
    import inspect  # noqa: PLC0415 - 7 ms that only an unusual check pays for

    if inspect.iscoroutinefunction(judge) or inspect.isasyncgenfunction(judge):
        raise TypeError(f"{name}: a check is a plain function, not an async one")
    try:
        inspect.signature(judge).bind(None, None, **dict.fromkeys(others))
    except TypeError:
        raise TypeError(f"{name}: a check takes ({', '.join(('exchange', 'expect', *others))})") from None


def examine(check: Check, exchange: Exchange, expect: Expect) -> Verdict:
    """Let one check judge one exchange: the one place that catches everything a check may do.

    A crash is this check's error, except where the answer fails already because it is of another kind: then it is a skip.
    What was found before is kept; a finding outweighs a skip.
    """
    if check.beside:
        return _skipped(check.name, f"the answer of {check.beside}, which it compares with, is not at hand")
    findings: list[object] = []  # a check may yield anything
    try:
        found = check.judge(exchange, expect)
        if found is not None:
            for finding in found:
                findings.append(finding)
                if len(findings) == _MOST_FINDINGS:
                    break
    except Skip as reason:
        if not findings:
            return _skipped(check.name, str(reason))
    except AssertionError as reason:
        findings.append(_broken_assert(check, reason))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as reason:  # noqa: BLE001 - this is the one place; pytest's outcomes are no Exceptions
        if not findings and (excuse := _excuse(reason, exchange, expect)):
            return _skipped(check.name, excuse)
        return _failed_itself(check, findings, _crash(check, reason, expect.secrets))
    if not findings:
        return _passed(check.name)
    return _judged(check, findings)


def _excuse(reason: BaseException, exchange: Exchange, expect: Expect) -> str | None:
    """Return why a crash says nothing about the check: the answer is not of the kind it was written for.

    The case fails all the same, by the engine's own checks of status and body.
    """
    if exchange.status not in expect.status:
        return "the answer has another status than the check was written for"
    if isinstance(reason, BodyNotJson) and expect.body is not None:
        return "the body is not JSON"
    return None


@lru_cache(maxsize=1024)
def _passed(name: str) -> Verdict:
    # One shared verdict: nearly every check of nearly every case passes.
    return Verdict(name, Outcome.PASS)


@lru_cache(maxsize=1024)
def _skipped(name: str, reason: str) -> Verdict:
    return Verdict(name, Outcome.SKIP, reason=reason or "the check has nothing to say about this answer")


def _judged(check: Check, findings: list[object]) -> Verdict:
    """Turn findings into a verdict; anything that is not a finding makes it an error."""
    kept = _only_findings(findings)
    if len(kept) != len(findings):
        stranger = next(type(each).__name__ for each in findings if not isinstance(each, Finding))
        return _failed_itself(check, findings, f"the check yielded {stranger}, not a Finding")
    failed = any(each.level is not Outcome.WARN for each in kept)
    return Verdict(check.name, Outcome.FAIL if failed else Outcome.WARN, kept)


def _failed_itself(check: Check, findings: list[object], reason: str) -> Verdict:
    crash = Finding("check-crashed", "a check that comes to an end", reason)
    return Verdict(check.name, Outcome.ERROR, (*_only_findings(findings), crash), reason)


def _only_findings(findings: list[object]) -> tuple[Finding, ...]:
    return tuple(each for each in findings if isinstance(each, Finding))


def _broken_assert(check: Check, reason: AssertionError) -> Finding:
    """Say which claim does not hold: in the author's words, or else in those of the assert."""
    said = str(reason).strip()
    if not said:
        line = _line_in(check, reason.__traceback__)
        said = f"not true: {_asserted(check, line)}"
    return Finding("business", check.summary or check.name, _shortened(said))


def _asserted(check: Check, line: int) -> str:
    """Return the source of the assert that covers this line, on one line."""
    import ast  # noqa: PLC0415 - only a failing check pays for it

    code = _code(check)
    try:
        source = Path(code.co_filename if code else "").read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or node.lineno):
                return " ".join((ast.get_source_segment(source, node.test) or "").split())
    except (OSError, ValueError, SyntaxError):
        pass
    return f"the assert in line {line}"


def _crash(check: Check, reason: BaseException, secrets: tuple[str, ...]) -> str:
    """Describe a crash in one line: type, message and place, without a secret in it."""
    said = str(reason) if not isinstance(reason, KeyError) else f"no {reason}"
    said = Redactor({f"secret {number}": secret for number, secret in enumerate(secrets, 1)}).text(said)
    message = f"{type(reason).__name__}: {_shortened(said)}" if said else type(reason).__name__
    code = _code(check)
    place = f" at {_short_path(code.co_filename)}:{_line_in(check, reason.__traceback__)}" if code else ""
    return f"the check crashed: {message}{place}"


def _line_in(check: Check, traceback: TracebackType | None) -> int:
    """Return the deepest line of the traceback that is in the check's own file."""
    code = _code(check)
    line = code.co_firstlineno if code else 0
    while traceback is not None:
        if code and traceback.tb_frame.f_code.co_filename == code.co_filename:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _code(check: Check) -> CodeType | None:
    judge = check.judge.func if isinstance(check.judge, partial) else check.judge
    code = getattr(judge, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _short_path(path: str) -> str:
    return "/".join(Path(path).parts[-2:])


def _shortened(said: str) -> str:
    line = " ".join(said.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[:_LONGEST_MESSAGE] + "…"


def checks_digest(folder: Path) -> str:
    """Return one SHA-256 over every Python file of the folder; it changes when any check may judge differently."""
    digest = sha256()
    for path in _python_files(folder):
        digest.update(path.name.encode("utf-8", "surrogateescape") + b"\0" + sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def load_checks(folder: Path, vendors: Collection[str] | None = None, cache: Cache | None = None) -> tuple[Check, ...]:
    """Return the checks of every `*.py` directly in the folder, by file name, then as they stand in the file.

    A file that starts with `_` holds no checks; others may import it (`from ._words import …`). A check is named
    `<file>.<function>`. Raises ContractError with every problem of every file. Where only some vendors are needed, a file
    that is known from the cache to be for others is not run again.
    """
    files = [path for path in _python_files(folder) if not path.name.startswith("_")]
    if not files:
        return ()
    digest = checks_digest(folder)
    meant = (cache.get("checks", digest) if cache and vendors is not None else None) or {}
    package = _package(folder, digest)
    checks: dict[str, list[Check]] = {}
    problems: list[Problem] = []
    for path in files:
        known = meant.get(path.name) if isinstance(meant, dict) else None
        if vendors is not None and isinstance(known, list) and not set(vendors).intersection(map(str, known)):
            continue
        try:
            checks[path.name] = _checks_in(path, package)
        except ContractError as reason:
            problems.extend(reason.problems)
    if problems:
        raise ContractError(tuple(problems))
    if cache and len(checks) == len(files):
        cache.put("checks", digest, {name: _vendors_of(found) for name, found in checks.items()})
    return tuple(each for found in checks.values() for each in found)


def _vendors_of(checks: Iterable[Check]) -> list[Json] | None:
    """Return the vendors that these checks are for; None where one of them may be for any."""
    named = [vendors_named(check.patterns) for check in checks]
    return None if None in named else [*sorted({name for names in named if names is not None for name in names})]


def _python_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".py" and path.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _package(folder: Path, digest: str) -> str:
    """Register a package for the folder, so that its files can import each other and nothing else is disturbed.

    The name holds the digest: two folders, or two states of one, never meet in `sys.modules`.
    """
    name = f"provendor_checks_{sha256(str(folder.absolute()).encode()).hexdigest()[:8]}_{digest[:16]}"
    package = ModuleType(name)
    package.__path__ = [str(folder.absolute())]
    sys.modules[name] = package
    return name


def _checks_in(path: Path, package: str) -> list[Check]:
    """Run one file and return its checks; raises ContractError with the one reason why it cannot be run."""
    name = f"{path.parent.name}/{path.name}"
    module = ModuleType(f"{package}.{path.stem}")
    module.__file__ = str(path)
    module.__package__ = package
    sys.modules[module.__name__] = module  # dataclasses look their module up here
    try:
        # Not from __pycache__: a change within a second and of the same length would not be seen.
        exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as reason:  # noqa: BLE001 - a file of the user may raise anything
        sys.modules.pop(module.__name__, None)
        raise ContractError((_cannot_load(reason, path, name),)) from None
    found = dict.fromkeys(each for each in vars(module).values() if isinstance(each, Check))
    own = [each for each in found if getattr(each.judge, "__module__", None) == module.__name__]
    if not own:
        message = "no check in this file: mark a function with @check, or start the file's name with _"
        raise ContractError((Problem(name, 0, 0, "", message),))
    return [each._replace(name=f"{path.stem}.{each.name}") for each in own]


def _cannot_load(reason: BaseException, path: Path, name: str) -> Problem:
    if isinstance(reason, SyntaxError) and reason.filename == str(path):
        return Problem(name, reason.lineno or 0, reason.offset or 0, "", f"not valid Python: {reason.msg}")
    line, traceback = 0, reason.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    message = f"cannot be loaded: {type(reason).__name__}: {_shortened(str(reason))}"
    return Problem(name, line, 1 if line else 0, "", message)
