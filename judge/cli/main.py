"""`judge`: the command line.

1. typer reads the arguments of one verb (one of `VERBS`); 2. the verb's own module does the work, and
imports what is heavy only then; 3. data goes to stdout, talk to stderr; 4. errors become one message with
a hint, and the exit code says who can mend it (see `exits`).
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable
from typing import NoReturn

import typer

from judge.cli import (
    audit,
    audit_generator,
    batch,
    bench,
    calibrate,
    check,
    compile,
    demo,
    diff,
    doctor,
    eval,
    export,
    import_,
    init,
    lint,
    probe,
    report,
    review,
    schema,
    serve,
    streams,
    test,
)
from judge.cli.exits import Exit, Stopped
from judge.cli.lean import start_lean
from judge.errors import JudgeError, UserError
from judge.printable import printable_lines

app = typer.Typer(
    help="Judge images under a constitution you write, with a multimodal LLM and no training.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
VERBS: dict[str, Callable[..., None] | typer.Typer] = {  # in the order of `--help`; a `Typer` has verbs of its own
    "demo": demo.demo,
    "init": init.init,
    "check": check.check,
    "batch": batch.batch,
    "report": report.report,
    "compile": compile.compile_,
    "test": test.test,
    "diff": diff.diff,
    "eval": eval.evaluate,
    "lint": lint.lint,
    "calibrate": calibrate.calibrate,
    "audit-generator": audit_generator.audit_generator,
    "import": import_.import_policy,
    "serve": serve.app,
    "review": review.app,
    "audit": audit.audit,
    "export": export.export,
    "schema": schema.schema,
    "bench": bench.bench,
    "probe": probe.probe,
    "doctor": doctor.doctor,
}
for _name, _verb in VERBS.items():
    if isinstance(_verb, typer.Typer):
        app.add_typer(_verb, name=_name)
    else:
        app.command(_name)(_verb)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        from importlib.metadata import version as installed

        print(installed("constitution-judge"))
        raise typer.Exit


def main() -> NoReturn:
    """Run the command line and exit. Every expected error, and Ctrl-C, is a message and an exit code, never a
    traceback."""
    try:
        _run()
    except KeyboardInterrupt:
        _stop(Stopped("stopped"), Exit.STOPPED)


def _run() -> NoReturn:
    streams.take_over()
    _only_our_talk()
    # Threads that wait give way: turning on the spot, as they do by default, they take the cores from each other.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    start_lean()
    try:
        try:
            app()
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
        logging.getLogger("judge").exception("unexpected error, please report it")
        sys.exit(Exit.FAILURE)
    sys.exit(Exit.NO_VIOLATION)


class _Line(logging.Formatter):
    """What is said may hold words of others."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return printable_lines(super().format(record))


def _only_our_talk() -> None:
    """On stderr stands what this package says and nothing that its libraries say, unless the user asks for that by the
    libraries' own variables or Python's `-W`."""
    talk = logging.StreamHandler(sys.stderr)
    talk.setFormatter(_Line("judge: %(message)s"))
    logging.getLogger("judge").handlers = [talk]
    logging.getLogger().addHandler(logging.NullHandler())  # with no handler Python would print warnings itself
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_VERBOSITY", "critical")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _stop(error: JudgeError, code: Exit) -> NoReturn:
    if code == Exit.STOPPED:  # what is left to do takes a moment: who cannot wait ends it at once, and as quietly
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        # Where Ctrl-C came into an `exec`, `python -m` would end by a signal, and only the next `exec` forgets that.
        exec("")  # noqa: S102
    print(f"judge: {printable_lines(str(error))}", file=sys.stderr)  # a model's, a server's or a file's words, too
    sys.exit(code)
