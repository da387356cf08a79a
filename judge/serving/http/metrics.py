"""What the server counts, as Prometheus reads it. Knows no route's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from judge.serving.http.engine import Watch

if TYPE_CHECKING:
    from judge.serving.http.outcome import ImageOutcome
    from judge.serving.http.queue import QueuedImage

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics(Watch):
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests answered.", "route", "status")
        self._request = self._seconds("request_seconds", "From a request's head to its answer.", "route")
        self._stages = self._seconds("stage_seconds", "Of an image, by stage; `queue` is waiting.", "stage")
        self._verdicts = self._counter("verdicts", "Verdicts.", "constitution", "verdict")
        self._rules = self._counter("rule_outcomes", "What came of each rule.", "constitution", "rule", "outcome")
        self._escalated = self._counter(
            "escalations", "Statements that the first answer did not decide.", "constitution", "to"
        )
        self._repeated = self._counter("images_repeated", "Images that need not be judged again.")
        self._fill = Histogram(
            "judge_batch_images", "Images judged together.", buckets=_IMAGES, registry=self._registry
        )
        self._errors = self._counter("errors", "Images and requests without a verdict.", "type")
        self._deaths = self._counter("process_deaths", "Processes that ended and were started anew.")
        self._shadow = self._counter(
            "shadow_verdicts", "Verdicts, and what the shadow says.", "constitution", "verdict", "shadow"
        )
        self._flips = self._counter("shadow_flips", "Images whose verdict or rules differ.", "constitution")
        self._unshadowed = self._counter(
            "shadow_skipped",
            "Images that the shadow did not judge: a canary did, or there was no time.",
            "constitution",
        )
        self._reloads = self._counter("reloads", "Constitutions read anew.", "constitution", "result")
        self.waiting = self._gauge("queue_images", "Images that wait.")
        self.ready = self._gauge("processes_ready", "Processes with their models loaded.")
        self.under_way = self._gauge("requests_under_way", "Requests that are being answered.")

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"judge_{name}_total", words, labels, registry=self._registry)

    def _seconds(self, name: str, words: str, *labels: str) -> Histogram:
        return Histogram(f"judge_{name}", words, labels, buckets=_SECONDS, registry=self._registry)

    def _gauge(self, name: str, words: str) -> Gauge:
        return Gauge(f"judge_{name}", words, registry=self._registry)

    def page(self) -> bytes:
        """All of it, as it is scraped."""
        return generate_latest(self._registry)

    def parcel(self, jobs: list[QueuedImage], seconds: float) -> None:
        """See `Watch`."""
        self._fill.observe(len(jobs))
        for job in jobs:
            self._stages.labels("queue").observe(job.waited)

    def died(self) -> None:
        """See `Watch`."""
        self._deaths.inc()

    def judged(self, outcome: ImageOutcome) -> None:
        """An image has a verdict."""
        name, judged = outcome.active.name, outcome.judged
        self._verdicts.labels(name, judged.verdict).inc()
        if outcome.repeated:
            self._repeated.inc()
            return
        for rule, one in judged.outcomes.items():
            self._rules.labels(name, rule, one).inc()
        for stage, seconds in judged.timings.items():
            self._stages.labels(stage).observe(seconds)
        for to, count in judged.escalated.items():
            self._escalated.labels(name, to).inc(count)
        if judged.failure is not None:
            self._errors.labels(judged.failure).inc()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, str(status)).inc()
        self._request.labels(route).observe(seconds)

    def problem(self, slug: str) -> None:
        """A request was answered with a problem."""
        self._errors.labels(slug).inc()

    def shadowed(self, name: str, verdict: str, shadow: str, *, flipped: bool) -> None:
        """A shadow judged the same image."""
        self._shadow.labels(name, verdict, shadow).inc()
        if flipped:
            self._flips.labels(name).inc()

    def unshadowed(self, name: str) -> None:
        """A shadow could not."""
        self._unshadowed.labels(name).inc()

    def reloaded(self, name: str, *, done: bool) -> None:
        """A constitution was read anew, or could not be."""
        self._reloads.labels(name, "done" if done else "refused").inc()
