from __future__ import annotations

import os
import subprocess
import sys

from console.cli.user import operator


def test_the_operator_is_who_runs_the_process() -> None:
    env = {**os.environ, "LOGNAME": "kim"}
    asked = [sys.executable, "-c", "from console.cli.user import operator; print(operator())"]
    assert subprocess.run(asked, env=env, capture_output=True, text=True, timeout=10).stdout == "kim\n"
    assert operator()
