"""The screen on a cache at a fixed moment, for tests that need a real terminal: `python -m … DB`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from console.cli.signals import ending_signals
from console.ui.app import run_console
from console.ui.host import Viewer
from console.ui.setup import Setup
from tests.ui import scene


class Failing(Viewer):
    """A host that cannot even start."""

    def start(self) -> None:
        """Fails as no host may.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("secret-canary")


if __name__ == "__main__":
    host = Failing() if os.environ.get("FAIL") else Viewer()
    with ending_signals(on_terminal=True) as signals:
        setup = Setup(
            db=Path(sys.argv[1]), now=lambda: scene.NOW, host=host, log=Path("console.log"), signals=signals
        )
        code = run_console(setup)
    sys.exit(code)
