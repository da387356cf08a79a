"""Traces and evaluation events for OpenTelemetry, where its variables ask for them. Knows no route's form.

A request that brings images is a span; below it each image has one of waiting and one of the batch that it was judged
in, and below that one of each stage. Each rule's outcome is an event `gen_ai.evaluation.result`. Images are told by
their names. This module is imported only where tracing is on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from opentelemetry._logs import LogRecord
from opentelemetry.propagate import extract
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

from judge.serving.http.engine import Watch
from judge.serving.http.gate import JUDGING

if TYPE_CHECKING:
    from judge.serving.bodies import App, Message, Receive, Send
    from judge.serving.http.outcome import ImageOutcome
    from judge.serving.http.queue import QueuedImage
    from judge.serving.http.service import Service
    from judge.serving.http.worker import JudgedImage

log = logging.getLogger("judge")
EVENT = "gen_ai.evaluation.result"
_NAME = "constitution-judge"
_SECOND = 1_000_000_000  # nanoseconds


class RequestSpans:
    """ASGI middleware: a span for each request that may bring images."""

    def __init__(self, app: App, tracing: Tracing) -> None:
        self._app, self._tracer = app, tracing.tracer

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, within its span."""
        if scope["type"] != "http" or scope["path"] not in JUDGING:
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        about = {"http.request.method": scope["method"], "http.route": scope["path"], "url.path": scope["path"]}
        name, parent = f"{scope['method']} {scope['path']}", extract(headers)
        with self._tracer.start_as_current_span(name, parent, SpanKind.SERVER, about) as span:

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            await self._app(scope, receive, noted)


class Tracing(Watch):
    """Tells OpenTelemetry what a service does, and whoever watched its engine before what they were told."""

    middleware = RequestSpans

    def __init__(self, service: Service, spans: TracerProvider, events: LoggerProvider) -> None:
        """Begins at once. spans, events: where they go."""
        self._before = service.engine.watch
        self.tracer = spans.get_tracer(_NAME, version(_NAME))
        self._logger = events.get_logger(_NAME, version(_NAME))
        service.engine.watch = self
        service.watchers.append(self.judged)

    def parcel(self, jobs: list[QueuedImage], seconds: float) -> None:
        """See `Watch`. What came of the images is known a moment later."""
        self._before.parcel(jobs, seconds)
        ended, now = time.time_ns(), time.monotonic()
        for job in jobs:
            queued = ended - int((now - job.queued) * _SECOND)

            taken = queued + int(job.waited * _SECOND)

            def told(done: asyncio.Future[JudgedImage], queued: int = queued, taken: int = taken) -> None:
                if not done.cancelled() and done.exception() is None:
                    self._image(done.result(), queued, taken, ended, len(jobs))

            job.done.add_done_callback(told, context=job.context)

    def died(self) -> None:
        """See `Watch`."""
        self._before.died()

    def judged(self, client: str, outcome: ImageOutcome) -> None:
        """An image has a verdict: an event for each rule, within the span of its request."""
        judged = outcome.judged
        rules = {rule.id: rule for rule in outcome.active.policy.constitution.rules}
        for rule, label in judged.outcomes.items():
            told: dict[str, Any] = {
                "gen_ai.evaluation.name": rule,
                "gen_ai.evaluation.score.label": label,
                "gen_ai.response.id": outcome.id,
                "judge.constitution": outcome.active.name,
                "judge.image": outcome.name,
                "judge.rule.enforced": rule not in judged.shadows,
                "judge.verdict": judged.verdict,
            }
            if rule in rules:
                told["gen_ai.evaluation.explanation"] = rules[rule].text
            if rule in judged.scores:
                told["gen_ai.evaluation.score.value"] = judged.scores[rule]
            self._logger.emit(LogRecord(timestamp=time.time_ns(), event_name=EVENT, attributes=told))

    def _image(self, judged: JudgedImage, queued: int, taken: int, ended: int, images: int) -> None:
        self.tracer.start_span("queue", start_time=queued).end(taken)
        batch = self.tracer.start_span("batch", start_time=taken, attributes={"judge.batch.images": images})
        batch.set_attribute("judge.verdict", judged.verdict)
        if judged.failure is not None:
            batch.set_status(StatusCode.ERROR, judged.failure)
        within, at = set_span_in_context(batch), taken
        for stage, spent in judged.timings.items():
            if stage != "total":
                begun, at = at, at + int(spent * _SECOND)
                self.tracer.start_span(stage, context=within, start_time=begun).end(at)
        batch.end(ended)


class _SayOnce(logging.Handler):
    """Says in a line that telling failed, the first time: a collector that is down fails every few seconds."""

    _said = False

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        if not self._said:
            self._said = True
            log.warning("OpenTelemetry could not be told everything (said once): %.300s", record.getMessage())


def exporting(service: Service) -> Tracing:
    """Tracing that sends by OTLP over HTTP, as OpenTelemetry's variables say: where to, how often, which share."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    logging.getLogger("opentelemetry").addHandler(_SayOnce(logging.WARNING))
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if named else {"service.name": _NAME})
    spans, events = TracerProvider(resource=resource), LoggerProvider(resource=resource)
    if os.environ.get("OTEL_TRACES_EXPORTER") != "none":
        spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    if os.environ.get("OTEL_LOGS_EXPORTER") != "none":
        events.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    return Tracing(service, spans, events)
