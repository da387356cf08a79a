"""How a batch is coming along, on stderr: a bar where somebody watches, else a line every 30 seconds, or JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from judge.cli.tally import WORDS
from judge.printable import printable
from judge.progress import somebody_watches

if TYPE_CHECKING:
    from judge.serving.batch.estimate import Forecast
    from judge.serving.batch.tally import BatchTally

_BEFORE, _ELSEWHERE = "of the images were judged before", "which comes with judging: name another folder for it"
_EVERY, _EVERY_JSON, _EVERY_BAR = 30.0, 5.0, 0.2  # seconds


class Telling:
    """Is told of every step, and says something now and then."""

    def __init__(self, *, as_json: bool) -> None:
        self._json, self._said = as_json, time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._every = _EVERY_JSON if as_json else _EVERY
        if somebody_watches() and not as_json:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(
                *columns, TextColumn("{task.fields[more]}"), console=Console(stderr=True), transient=True
            )
            self._task = self._bar.add_task("judging", total=None, more="")
            self._every = _EVERY_BAR

    def __enter__(self) -> Telling:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def watch(self, tally: BatchTally) -> None:
        """See `judge.serving.batch.run.Watch`."""
        if time.monotonic() - self._said < self._every:
            return
        self._said = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, completed=tally.before + tally.done, total=tally.total, more=_more(tally))
        elif self._json:
            print(json.dumps(tally.as_json()), file=sys.stderr, flush=True)
        elif tally.before + tally.done or tally.total is not None:
            of = f" of about {tally.total}" if tally.total is not None else ""
            said = ", ".join(filter(None, (f"{tally.before + tally.done}{of} images", _more(tally))))
            print(f"judge: {said}", file=sys.stderr, flush=True)

    def finish(self, tally: BatchTally, out: Path) -> None:
        """The last word."""
        if self._json:
            print(json.dumps(tally.as_json()), file=sys.stderr, flush=True)
            return
        parts = [f"{tally.judged} judged"]
        parts += [f"{tally.taken_over} taken over from an earlier policy"] if tally.taken_over else []
        parts += [f"{tally.copies} with the same bytes as another"] if tally.copies else []
        parts += [f"{tally.before} had been judged before"] if tally.before else []
        print(f"judge: {', '.join(parts)}, in {tally.seconds:.0f} s", file=sys.stderr)
        if tally.done:
            print(f"judge: {_verdicts(tally)}", file=sys.stderr)
        if tally.audited:
            _tell_audit(tally)
        for rule, index in sorted(tally.moved.items()):
            said = f"answers on {rule} moved away from the first ones (stability index {index}, over 0.25)"
            print(f"judge: {said}: are these other images?", file=sys.stderr)
        if tally.without_evidence:
            print(f"judge: {tally.without_evidence} {_BEFORE} without evidence, {_ELSEWHERE}", file=sys.stderr)
        if tally.not_audited:
            print(f"judge: {tally.not_audited} {_BEFORE} and are not audited, {_ELSEWHERE}", file=sys.stderr)
        if tally.gone:
            print(f"judge: {tally.gone} rows are of images that are no longer in the input; they stay", file=sys.stderr)
        if tally.errors:
            print(f"judge: {tally.errors} could not be judged; try them again with --retry-errors", file=sys.stderr)
        print(printable(str(out)))


def tell_estimate(found: Forecast, price_per_hour: float | None) -> None:
    """What a batch will take, on stdout."""
    print(f"{found.images} images; judged {found.sample} of them, chosen by chance")
    if found.unreadable:
        print(f"{found.unreadable} of those tried could not be read")
    print(f"questions: {found.questions:.1f} an image; reasoned about: {found.reasoned:.0%}")
    print(f"verdicts: {found.violating:.0%} violation, {found.to_review:.0%} needs_review")
    for what, (hours, interval) in (("all of them", found.hours()), ("a million like them", found.hours(1_000_000))):
        said = f"{what}: {_with_interval(_duration, 3600, hours, interval)}"
        if price_per_hour is not None:
            said += f", costs {_with_interval('{:.2f}'.format, price_per_hour, hours, interval)}"
        print(said)
    if found.spread is None:
        print("no interval: one image says nothing of how they differ")
    print("times are under the load that this machine has now; what else it has to do is in no interval")


def _with_interval(
    told: Callable[[float], str], times: float, hours: float, interval: tuple[float, float] | None
) -> str:
    if interval is None or interval[0] == interval[1]:
        return told(times * hours)
    return f"{told(times * hours)} ({told(times * interval[0])} to {told(times * interval[1])})"


def _tell_audit(tally: BatchTally) -> None:
    """What the relevance scan missed, with an exact interval."""
    from scipy.stats import binomtest

    interval = binomtest(tally.missed, tally.audited).proportion_ci(confidence_level=0.95, method="exact")
    print(
        f"judge: of {tally.audited} images also judged without the relevance scan {tally.missed} violate a rule that "
        f"it pruned: {tally.missed / tally.audited:.1%} (95 %: {interval.low:.1%} to {interval.high:.1%})",
        file=sys.stderr,
    )


def _more(tally: BatchTally) -> str:
    parts = [_verdicts(tally)] if tally.done else []
    if tally.rate is not None:
        parts.append(_pace(tally.rate))
    if tally.left is not None:
        parts.append(f"{_duration(tally.left)} left")
    return ", ".join(parts)


def _verdicts(tally: BatchTally) -> str:
    done = tally.done
    said = ", ".join(f"{tally.verdicts[word]} {word}" for word in WORDS if tally.verdicts[word])
    return f"{said} ({tally.verdicts['needs_review'] / done:.0%} to review, {tally.reasoned / done:.0%} reasoned about)"


def _pace(rate: float) -> str:
    """Images a second in plain numbers: of a slow model by the minute or the hour."""
    for times, unit in ((1, "a second"), (60, "a minute")):
        if rate * times >= 1:
            return f"{rate * times:.{0 if rate * times >= 10 else 1}f} {unit}"
    return f"{rate * 3600:.2g} an hour"  # 0.01 of an image and fewer would be a day of silence first


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
