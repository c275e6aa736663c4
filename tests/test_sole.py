from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from provendor.probes.sole import Sole

HOLDING = (
    "import sys; from pathlib import Path; from provendor.probes.sole import Sole\n"
    "with Sole(Path(sys.argv[1])) as sole: print(sole.held, flush=True); sys.stdin.read()\n"
)


def holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that tries to be the sole one, and says whether it is."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_only_one_process_is_the_sole_one(tmp_path: Path):
    """Until it ends, or is killed."""
    with holder(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "True\n"
        with Sole(tmp_path) as second:
            assert not second.held
        first.kill()
        first.wait()
        with Sole(tmp_path) as third:
            assert third.held


def test_where_nothing_can_be_locked_everybody_is(tmp_path: Path):
    """A read-only disk stops no probe."""
    (tmp_path / "reports").write_text("in the way")

    with Sole(tmp_path / "reports") as sole:
        assert sole.held
