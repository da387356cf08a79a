"""`judge`: the command line.

1. what `quick` can do is done without any more of it; 2. else typer reads the arguments of one verb (see `verbs`);
3. data goes to stdout, talk to stderr; 4. errors become one message with a hint, and the exit code says who can mend it
(see `exits`).
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from judge.cli import quick, streams
from judge.cli.exits import Exit, Stopped
from judge.errors import JudgeError, UserError
from judge.printable import printable_lines


def main() -> NoReturn:
    """Run the command line and exit. Every expected error, and Ctrl-C, is a message and an exit code, never a
    traceback."""
    try:
        _run()
    except KeyboardInterrupt:
        _stop(Stopped("stopped"), Exit.STOPPED)


def _run() -> NoReturn:
    streams.take_over()
    code: int | None = None
    try:
        try:
            code = quick.check(sys.argv[1:])
            if code is None:
                _by_typer()
        except SystemExit as ended:
            if ended.code == Exit.STOPPED:  # typer takes Ctrl-C for itself, and says nothing
                raise KeyboardInterrupt from None
            raise
        finally:
            streams.finish()
    except streams.PipeClosed:
        sys.exit(Exit.FAILURE)  # what was not read was not told, so this is none of the answers
    except Stopped as error:
        _stop(error, Exit.STOPPED)
    except UserError as error:
        _stop(error, Exit.USER_MISTAKE)
    except JudgeError as error:
        _stop(error, Exit.FAILURE)
    except Exception:  # a mistake of ours, so the traceback is wanted; Python's exit code 1 would say violation
        import logging

        logging.getLogger("judge").exception("unexpected error, please report it")
        sys.exit(Exit.FAILURE)
    sys.exit(Exit.NO_VIOLATION if code is None else code)


def _by_typer() -> None:
    from judge.cli.talk import only_our_talk
    from judge.lean import start_lean

    only_our_talk()
    # Threads that wait give way: turning on the spot, as they do by default, they take the cores from each other.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    start_lean()
    from judge.cli.verbs import app

    app()


def _stop(error: JudgeError, code: Exit) -> NoReturn:
    if code == Exit.STOPPED:  # what is left to do takes a moment: who cannot wait ends it at once, and as quietly
        import signal

        signal.signal(signal.SIGINT, signal.SIG_DFL)
        # Where Ctrl-C came into an `exec`, `python -m` would end by a signal, and only the next `exec` forgets that.
        exec("")  # noqa: S102
    print(f"judge: {printable_lines(str(error))}", file=sys.stderr)  # a model's, a server's or a file's words, too
    sys.exit(code)
