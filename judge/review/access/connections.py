"""The server's connections: heads of requests are timed, and what is said of requests that fail is kept short."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Final

from judge.serving.connections import Timed

if TYPE_CHECKING:
    from uvicorn import Server

log = logging.getLogger("judge")
_SAID: Final = 200  # characters of an error that are passed on


def guard(server: Server) -> None:
    """Time the heads of a running server's requests from the next connection on, and keep what it and Gradio say of bad
    requests to a line each: a stranger can send as many as there are, and tracebacks are of no use to whom reviews."""
    import gradio.routes

    server.config.http_protocol_class = Timed
    logging.getLogger("uvicorn.error").addFilter(_in_a_line)
    gradio.routes.traceback = _Traceback  # it prints them itself


class _Traceback:
    """Stands for the module in Gradio's own."""

    @staticmethod
    def print_exc(*_: Any, **__: Any) -> None:
        _tell(sys.exc_info()[1])


def _in_a_line(record: logging.LogRecord) -> bool:
    """Whether the server's own line is written: not of requests that are none, nor a traceback."""
    if record.exc_info:
        _tell(record.exc_info[1])
    return record.levelno >= logging.ERROR and not record.exc_info


def _tell(error: BaseException | None) -> None:
    said = " ".join(str(error).split())
    text = "".join(one if one.isprintable() else "?" for one in said[:_SAID])
    log.error("a request could not be answered (%s: %s)", type(error).__name__, text)
    log.debug("where it failed", exc_info=error)
