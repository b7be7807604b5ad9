"""The garbage collector, arranged so that it does not hold up a key."""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 20_000
"""Objects after which the young ones are looked at, in place of Python's 700: a key makes some thousands."""
MIDDLING: Final = 10
"""Looks at the young ones after which those that stayed are looked at again."""
WHOLE: Final = 10
"""Looks at those after which all are looked at, which takes as long as to paint a key: while no keys come."""
NEVER: Final = 1_000_000


def spare_keys() -> None:
    """From here on all is looked at only by `at_rest`; what there is by now is not looked at any more."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLING, NEVER)


def at_rest() -> None:
    """No key is coming: looks at all, if that is due. Does nothing in a process that spares no keys."""
    if gc.get_threshold()[2] == NEVER and gc.get_count()[2] >= WHOLE:
        gc.collect()
