"""What OpenTelemetry is told, by its own exporters in memory; and nothing, at no cost, where nobody asks for it."""

from __future__ import annotations

import http.server
import logging
import subprocess
import sys
import threading

import pytest

from judge.serving.http import telemetry
from tests.serving.http.running import DEMO, Scripted, serving

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def told(monkeypatch):
    """A server, the spans that it finished and the events that it told of."""
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from judge.serving.http.tracing import Tracing

    spans, events = InMemorySpanExporter(), InMemoryLogRecordExporter()
    traces, logs = TracerProvider(shutdown_on_exit=False), LoggerProvider(shutdown_on_exit=False)
    traces.add_span_processor(SimpleSpanProcessor(spans))
    logs.add_log_record_processor(SimpleLogRecordProcessor(events))
    monkeypatch.setattr(telemetry, "tracing_of", lambda service: Tracing(service, traces, logs))
    with serving({}, process=Scripted(seconds=0.05)) as running:
        yield running, spans, events


def posted(running, *images, **headers):
    files = [("image", (f"{number}.png", data)) for number, data in enumerate(images)]
    answer = running.http.post("/v1/judge", files=files, headers=headers)
    assert answer.status_code == 200, answer.text
    running.http.get("/healthz")  # by then the span of the request before has ended
    return answer.json()


def by_name(spans, name):
    return [one for one in spans.get_finished_spans() if one.name == name]


def test_a_request_is_followed_from_its_client_to_the_stages(told):
    running, spans, _ = told
    posted(running, b"v", b"n", traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    (request,) = by_name(spans, "POST /v1/judge")
    assert f"{request.context.trace_id:032x}" == TRACE and request.parent.span_id == 0xB7AD6B7169203331
    assert request.attributes["http.response.status_code"] == 200
    queued, batches = by_name(spans, "queue"), by_name(spans, "batch")
    assert len(queued) == len(batches) == 2
    for one in (*queued, *batches):
        assert one.parent.span_id == request.context.span_id
        assert request.start_time <= one.start_time <= one.end_time <= request.end_time
    assert {one.attributes["judge.batch.images"] for one in batches} == {2}
    assert sorted(one.attributes["judge.verdict"] for one in batches) == ["no_violation", "violation"]
    assert all(one.end_time - one.start_time >= 0.05e9 for one in batches)


def test_stages_follow_each_other_within_the_batch(told, monkeypatch):
    running, spans, _ = told
    script = running.service.engine._lanes[0].process
    given = script.ask

    async def timed(order, seconds):
        answer = await given(order, seconds)
        if isinstance(answer, list):
            from dataclasses import replace

            return [replace(one, timings={"decode": 0.01, "questions": 0.03, "total": 0.04}) for one in answer]
        return answer

    monkeypatch.setattr(script, "ask", timed)
    posted(running, b"n")
    (batch,), (decode,), (questions,) = (by_name(spans, name) for name in ("batch", "decode", "questions"))
    assert decode.parent.span_id == questions.parent.span_id == batch.context.span_id
    assert decode.start_time == batch.start_time and decode.end_time == questions.start_time
    assert (questions.end_time - questions.start_time) == pytest.approx(0.03e9, abs=10)
    assert not by_name(spans, "total")


def test_every_rule_has_an_event_without_what_the_image_holds(told):
    running, spans, events = told
    (identity,) = posted(running, b"violating bytes")["ids"]
    (record,) = [one.log_record for one in events.get_finished_logs()]
    (request,) = by_name(spans, "POST /v1/judge")
    assert record.event_name == "gen_ai.evaluation.result"
    assert (record.trace_id, record.span_id) == (request.context.trace_id, request.context.span_id)
    rule = next(one for one in DEMO.constitution.rules if one.id == "body-on-fire")
    assert dict(record.attributes) == {
        "gen_ai.evaluation.name": "body-on-fire",
        "gen_ai.evaluation.score.value": 0.9,
        "gen_ai.evaluation.score.label": "violated",
        "gen_ai.evaluation.explanation": rule.text,
        "gen_ai.response.id": identity,
        "judge.constitution": "demo",
        "judge.image": "0.png",
        "judge.rule.enforced": True,
        "judge.verdict": "violation",
    }
    assert "violating bytes" not in "".join(one.to_json() for one in spans.get_finished_spans())


def test_an_image_that_comes_again_has_events_and_no_second_batch_and_counters_go_on(told):
    running, spans, events = told
    for _ in range(2):
        posted(running, b"n")
    assert len(by_name(spans, "batch")) == 1 and len(events.get_finished_logs()) == 2
    assert "judge_batch_images_count 1.0" in running.http.get("/metrics").text
    assert {one.name for one in spans.get_finished_spans()} == {"POST /v1/judge", "queue", "batch"}


def test_the_exporter_sends_both_to_where_its_variables_say(monkeypatch):
    got, all_there = {}, threading.Event()

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got[self.path] = got.get(self.path, b"") + self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            if {"/v1/traces", "/v1/logs"} <= got.keys():
                all_there.set()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        for name in ("OTEL_BSP_SCHEDULE_DELAY", "OTEL_BLRP_SCHEDULE_DELAY"):
            monkeypatch.setenv(name, "50")
        with serving({}, process=Scripted()) as running:
            posted(running, b"n")
            assert all_there.wait(30), got.keys()
        collector.shutdown()
    logging.getLogger("opentelemetry").handlers.clear()
    assert b"constitution-judge" in got["/v1/traces"] and b"gen_ai.evaluation.result" in got["/v1/logs"]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:4318/v1/logs"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_its_own_variables_turn_it_on(given, asked, monkeypatch):
    for name in (*telemetry._ENDPOINTS, *telemetry._EXPORTERS, "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert telemetry.asked_for() is asked


def test_without_its_packages_the_server_serves_and_says_so(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "judge.serving.http.tracing", None)
    assert telemetry.tracing_of(None) is None
    assert "pip install 'constitution-judge[otel]'" in caplog.text


def test_nothing_of_it_is_imported_where_it_is_off(monkeypatch):
    for name in (*telemetry._ENDPOINTS, *telemetry._EXPORTERS):
        monkeypatch.delenv(name, raising=False)
    code = "import sys, judge.serving.http.service as s, judge.serving.http.app as a\n"
    code += "a.telemetry.tracing_of(None); print([one for one in sys.modules if 'opentelemetry.sdk' in one or 'tracing' in one])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_collector_that_is_down_is_said_once(caplog):
    from judge.serving.http.tracing import _SayOnce

    logger, handler = logging.getLogger("opentelemetry.exporter.test"), _SayOnce(logging.WARNING)
    logger.addHandler(handler)
    try:
        for _ in range(3):
            logger.error("connection refused")
    finally:
        logger.removeHandler(handler)
    said = [one.getMessage() for one in caplog.records if one.name == "judge"]
    assert said == ["OpenTelemetry could not be told everything (said once): connection refused"]
