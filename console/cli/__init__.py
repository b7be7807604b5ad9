"""The commands: arguments to everything else."""

from __future__ import annotations


def main() -> None:
    """Runs the command that the arguments name and exits with its code."""
    import os
    import signal
    import sys

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # What has nothing to put in order dies of it without a word; the rest take it themselves.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from console.cli import collecting

    collecting.put_off()
    from console.cli.crash import no_core_file, report_crash
    from console.cli.output import forgiving_output, give_up_lost_words, open_streams
    from console.cli.program import run

    os.umask(0o077)  # whatever anything here creates, other users have no part in it
    sys.excepthook = report_crash
    no_core_file()
    open_streams()
    forgiving_output()
    code = run(sys.argv[1:])
    give_up_lost_words()
    collecting.begin()
    sys.exit(code)
