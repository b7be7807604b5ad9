"""The commands: arguments to everything else."""

from __future__ import annotations


def main() -> None:
    """Runs the command that the arguments name and exits with its code."""
    import sys

    from console.cli.output import forgiving_output, give_up_lost_words, open_streams
    from console.cli.program import run

    open_streams()
    forgiving_output()
    code = run(sys.argv[1:])
    give_up_lost_words()
    sys.exit(code)
