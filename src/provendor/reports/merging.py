"""Several runs told as one: the parts of a run that was split, or a replay and what was asked live.

Of a case that is in more than one, the result in the run named last counts. The whole came to its end only if every part did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from provendor.reports.archive import JsonObject, KeptRun


def merged(runs: Sequence[KeptRun], folder: Path) -> KeptRun:
    """Return the runs as one, whose evidence is written into this folder."""
    path = folder / "run.jsonl"
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in _records(runs))
    return KeptRun(path)


def _records(runs: Sequence[KeptRun]) -> Iterator[JsonObject]:
    yield {"type": "run", **_head(runs)}
    counts_in = {str(record.get("id")): number for number, run in enumerate(runs) for _, record in run.results()}
    for number, run in enumerate(runs):
        for _, record in run.results():
            if counts_in[str(record.get("id"))] == number:
                yield {"type": "result", **record}
    ends = [run.end for run in runs if run.end is not None]
    if len(ends) == len(runs):
        yield {"type": "end", **_end(ends)}


def _head(runs: Sequence[KeptRun]) -> JsonObject:
    """Return the last run's head, with what the others know besides: vendors, and what was asked for."""
    heads = [run.head for run in runs]
    asked = [some if isinstance(some := head.get("selectors"), list) else [] for head in heads]
    return {
        **heads[-1],
        "id": f"{runs[-1].id}+{len(runs) - 1}",
        "started_at": min(str(head.get("started_at")) for head in heads),
        "selectors": list(dict.fromkeys(str(each) for some in asked for each in some)) if all(asked) else [],
        "vendors": {name: known for head in heads for name, known in _mapping(head.get("vendors")).items()},
    }


def _end(ends: Sequence[JsonObject]) -> JsonObject:
    return {
        **ends[-1],
        "interrupted": any(end.get("interrupted") for end in ends),
        "ended_at": max(str(end.get("ended_at")) for end in ends),
        "duration_ms": sum(took for end in ends if isinstance(took := end.get("duration_ms"), int | float)),
    }


def _mapping(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}
