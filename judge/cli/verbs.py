"""The verbs of `judge`: typer reads the arguments of one, whose own module does the work, and imports what is heavy
only then."""

from __future__ import annotations

from collections.abc import Callable

import typer

from judge.cli import (
    audit,
    audit_erasure,
    audit_generator,
    batch,
    bench,
    calibrate,
    calibrate_stopping,
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
    test,
    text_guard,
)

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
    "calibrate-stopping": calibrate_stopping.calibrate_stopping,
    "audit-generator": audit_generator.audit_generator,
    "audit-erasure": audit_erasure.audit_erasure,
    "import": import_.import_policy,
    "text-guard": text_guard.app,
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
