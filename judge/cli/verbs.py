"""The verbs of `judge`. Of one that is asked for, and of no other, the module is imported and its arguments are read by
typer: to do so for all takes longer than many a verb. What is heavy a module imports only when it works."""

from __future__ import annotations

from collections import UserDict
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

VERBS = {  # module and function, or `Typer` with verbs of its own; in the order of `--help`
    "demo": "demo.demo",
    "init": "init.init",
    "check": "check.check",
    "batch": "batch.batch",
    "report": "report.report",
    "compile": "compile.compile_",
    "test": "test.test",
    "diff": "diff.diff",
    "eval": "eval.evaluate",
    "lint": "lint.lint",
    "calibrate": "calibrate.calibrate",
    "calibrate-stopping": "calibrate_stopping.calibrate_stopping",
    "audit-generator": "audit_generator.audit_generator",
    "audit-erasure": "audit_erasure.audit_erasure",
    "import": "import_.import_policy",
    "text-guard": "text_guard.app",
    "serve": "serve.app",
    "review": "review.app",
    "audit": "audit.audit",
    "export": "export.export",
    "schema": "schema.schema",
    "bench": "bench.bench",
    "probe": "probe.probe",
    "doctor": "doctor.doctor",
}


class _Built(UserDict[str, Any]):
    """Commands by their names, each made when it is first wanted."""

    def __getitem__(self, name: str) -> Any:
        found = self.data[name]
        if isinstance(found, str):
            module, _, verb = found.partition(".")
            found = self.data[name] = _command(name, getattr(import_module(f"judge.cli.{module}"), verb))
        return found


def _command(name: str, verb: Any) -> Any:
    alone = typer.Typer()
    if isinstance(verb, typer.Typer):
        alone.add_typer(verb, name=name)
    else:
        alone.command(name)(verb)
    return get_group(alone).commands[name]


class _Verbs(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Built(VERBS)


app = typer.Typer(
    cls=_Verbs,
    help="Judge images under a constitution you write, with a multimodal LLM and no training.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        from importlib.metadata import version as installed

        print(installed("constitution-judge"))
        raise typer.Exit
