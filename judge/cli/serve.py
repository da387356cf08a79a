"""`judge serve`: verdicts over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judge.cli import serve_keys
from judge.cli.model_options import JUDGING, judged_with
from judge.errors import UserError

if TYPE_CHECKING:
    from judge.settings import Settings

app = typer.Typer(help="Serve verdicts over HTTP.", no_args_is_help=False)
app.add_typer(serve_keys.app, name="keys")


@app.callback(invoke_without_command=True)
@judged_with(*JUDGING, "frames", "look_closer")
def serve(
    context: typer.Context,
    constitutions: Annotated[
        list[str] | None,
        typer.Option("--constitution", "-c", help="A YAML file, or a shipped name; several may be given."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0: any that is free.")] = 8080,
    config: Annotated[
        Path | None, typer.Option(help="A YAML file of limits, shadows, mappings and the like (docs/server.md).")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="File of API keys (`judge serve keys add`): every request needs one.")
    ] = None,
    no_keys: Annotated[
        bool, typer.Option("--no-keys", help="Serve other machines without keys: something in front asks for them.")
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="That judge. Default: one a core, or a GPU.")
    ] = None,
    *,
    settings: Settings,
) -> None:
    """Serve verdicts over HTTP. Stop it with Ctrl-C: what was accepted is finished."""
    if context.invoked_subcommand is not None:
        return
    try:
        import python_multipart  # noqa: F401  # starlette asks for it only when the first form comes

        from judge.serving.http.server import is_local, listen, serve
        from judge.serving.http.service import Service
        from judge.serving.http.settings import read_settings, server_settings
    except ImportError as error:
        raise UserError(
            f"serving needs the package '{error.name}'", hint="pip install 'constitution-judge[serve]'"
        ) from error
    from judge.serving.devices import processes_for

    given: dict[str, Any] = read_settings(config) if config is not None else {}
    if constitutions:
        given["constitutions"] = constitutions
    if keys is not None:
        given["keys"] = keys
    chosen = server_settings(given)
    if chosen.keys is None and not no_keys and not is_local(host):
        raise UserError(
            f"{host} can be reached from other machines, and anybody there could use this server",
            hint="judge serve keys add NAME --keys FILE, then --keys FILE; or --no-keys where something in front asks",
        )
    listening = listen(host, port)
    service = Service(chosen, settings, processes_for(settings, processes))
    service.local_only = chosen.keys is None and not no_keys
    serve(service, listening)
