"""Python's search for garbage, kept from looking at thousands of cases again and again.

    with garbage.searched_seldom():     # before modules are loaded and contracts are read
        garbage.keep()                  # when they are: what there is now is left out of the search until the end

Results make next to no garbage that the search has to find: without this it takes a tenth of a replay, and a prober's
sockets wait for it. When the process ends, Python would search once more, all cases and their schemas: a tenth of a run
again, for memory that goes with the process.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SELDOM: Final = (20_000, 20, 50)


@contextmanager
def searched_seldom() -> Iterator[None]:
    """Let the search run much less often; at the end all is as it was, also for what was kept.

    But for the end of the process, at which nothing is searched: what lives until then is not finalised by being found.
    """
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def keep() -> None:
    """Leave everything that there is now out of the search."""
    gc.freeze()
