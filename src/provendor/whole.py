"""Files put in place in one step: whoever reads one, also after a kill, finds the old one or the new one, and nothing else.

with replacing(reports / "strength.json") as file:
    file.write(b"...")                                # on any error the old file stays, and nothing lies beside it
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path, *, lasting: bool = False) -> Generator[BinaryIO]:
    """Give a file to write; it takes the place of `path` when the block ends, `lasting` once it is on the disk itself."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(3).hex()}")
    try:
        with scratch.open("xb") as file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
