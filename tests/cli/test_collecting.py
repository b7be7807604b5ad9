"""When the garbage collector works."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import gc, json, sys
from console.cli import collecting
collecting.begin()
told = [gc.isenabled(), gc.get_freeze_count()]
collecting.put_off()
told.append(gc.isenabled())
import console.cli.program
collecting.begin()
told += [gc.isenabled(), gc.get_freeze_count()]
json.dump(told, sys.stdout)
"""

MAIN = """
import gc, json, sys
from console.cli import main
try:
    main()
finally:
    json.dump([gc.isenabled(), gc.get_freeze_count()], sys.stderr)
"""


def test_it_waits_for_the_end_of_the_imports_and_leaves_them_alone() -> None:
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True, timeout=15)
    before, frozen, put_off, after, frozen_after = json.loads(ended.stdout)
    assert (before, put_off, after) == (True, False, True)
    assert frozen_after > frozen + 10_000


def test_it_works_again_after_every_command() -> None:
    ended = subprocess.run([sys.executable, "-c", MAIN, "--version"], capture_output=True, timeout=15)
    enabled, frozen = json.loads(ended.stderr)
    assert enabled
    assert frozen > 0
