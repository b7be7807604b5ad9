"""The commands: arguments to everything else."""

from __future__ import annotations


def main() -> None:
    """Runs the command that the arguments name and exits with its code."""
    import sys

    from console.cli.output import forgiving_output
    from console.cli.program import run

    forgiving_output()
    sys.exit(run(sys.argv[1:]))
