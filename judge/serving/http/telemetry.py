"""Whether OpenTelemetry is told what the server does: its own variables say. Imports none of it where it is not."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.serving.http.service import Service
    from judge.serving.http.tracing import Tracing

log = logging.getLogger("judge")
_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
)
_EXPORTERS = ("OTEL_TRACES_EXPORTER", "OTEL_LOGS_EXPORTER")


def asked_for() -> bool:
    """Whether the environment names somewhere to send to, or the exporter to send with."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return any(map(os.environ.get, _ENDPOINTS)) or any("otlp" in os.environ.get(one, "") for one in _EXPORTERS)


def tracing_of(service: Service) -> Tracing | None:
    """Tracing of a service, begun, where it is asked for. A server without the packages for it serves without."""
    if not asked_for():
        return None
    try:
        from judge.serving.http.tracing import exporting

        return exporting(service)
    except ImportError as error:
        log.warning(
            "OpenTelemetry is asked for, and not told anything: it needs the package '%s' "
            "(pip install 'constitution-judge[otel]')",
            error.name,
        )
        return None
