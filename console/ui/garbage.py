"""The garbage collector, arranged so that it does not hold up a key."""

from __future__ import annotations

import gc
from typing import Final

FEW: Final = 700
"""Objects after which it is worth it to look at the young ones."""
YOUNG: Final = 20_000
"""Objects after which they are looked at wherever that is: a key makes some thousands, and this takes as
long as to paint one."""
MIDDLING: Final = 10
"""Looks at the young ones after which those that stayed are looked at again."""
WHOLE: Final = 10
"""Looks at those after which all are looked at."""
NEVER: Final = 1_000_000


def spare_keys() -> None:
    """Leaves looks to `between_keys` and `at_rest`; what there is by now is not looked at any more."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLING, NEVER)


def between_keys() -> None:
    """Nothing is being painted: looks at the young ones. Does nothing in a process that spares no keys."""
    young, middling, _ = gc.get_count()
    if _spares() and young >= FEW:
        gc.collect(1 if middling >= MIDDLING else 0)


def at_rest() -> None:
    """No key is coming: looks at all, if that is due. Does nothing in a process that spares no keys."""
    if _spares() and gc.get_count()[2] >= WHOLE:
        gc.collect()


def _spares() -> bool:
    return gc.get_threshold()[2] == NEVER
