"""What happens on the workbench: one event of the page in, the parts of the page that change out. Knows no Gradio.

The text of the editor comes with every event; what is open, and what was found, lives in the page. Saving asks the
store who may, and shows everything that would be written before anything is (`judge.review.workbench.saving`).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import Field, ValidationError

from judge.errors import ConstitutionError, ImageError, JudgeError, UserError
from judge.lint import Severity
from judge.lint.neighbours import read_older
from judge.review.queue.messages import MOST as MOST_SERIAL
from judge.review.queue.messages import in_words, misunderstood, serial_of
from judge.review.shield import shielded
from judge.review.store import DecidedItem, Filters, Right
from judge.review.ui import render
from judge.review.ui.chains import rules_of
from judge.review.ui.context import Context, Person
from judge.review.workbench import replay, saving
from judge.review.workbench.draft import PolicyDraft, chains, read
from judge.review.workbench.library import Library, Ref
from judge.review.workbench.replay import Curve, Knob
from judge.review.workbench.trials import MOST, Choice, Job, Jobs, PoliciesCompared, TrialImage, Trials, Tried
from judge.settings import DEFAULT_LIMITS, Frozen
from judge.verdict import RuleOutcome, Verdict

PANELS = (
    ("check", "Check"),
    ("chains", "Chains"),
    ("try", "Try"),
    ("compare", "Compare"),
    ("thresholds", "Thresholds"),
    ("save", "Save"),
)
CHOICES = (
    ("uncertain", "Most uncertain"),
    ("oldest", "Oldest"),
    ("violation", "Judged a violation"),
    ("needs_review", "Judged for review"),
    ("decided", "Decided by people"),
)
KNOBS = (
    ("prior_holds", "Holds over (prior_holds)"),
    ("prior_fails", "Fails under (prior_fails)"),
    ("region_drop", "Central region (region_drop)"),
    ("relevance", "Relevance (relevance)"),
    ("label_mass", "Label mass (label_mass)"),
)
PER_RULE = frozenset(Knob) - {Knob.LABEL_MASS}  # label mass is the run's own
UPLOAD_BYTES = DEFAULT_LIMITS.file_bytes // 2  # a data URI is a third larger than its file
DECIDED = 500  # the last decided items that a threshold is tried on
_THUMB = 112
_KEPT = 4


class WorkbenchRequest(Frozen):
    """One thing that a person did on the page."""

    kind: Literal["start", "open", "try", "upload", "compare", "job", "stop", "curve", "propose", "save"]
    serial: int = Field(ge=0, le=MOST_SERIAL)
    ref: str = ""
    choice: Choice = "uncertain"
    count: int = Field(default=12, ge=1, le=MOST)
    name: str = "upload"
    data: str = ""
    knob: Knob = Knob.PRIOR_HOLDS
    rule: str = ""
    line: str = ""
    token: str = ""


class WorkbenchUpdate(Frozen):
    """What the page has to change. Parts that are absent stay as they are."""

    serial: int = 0
    slots: dict[str, str] = Field(default_factory=dict)
    refs: str | None = None
    opened: str | None = None
    job: dict[str, Any] | None = None
    rules: tuple[str, ...] = ()
    announce: str = ""
    toasts: tuple[dict[str, Any], ...] = ()

    def json_text(self) -> str:
        """Only what was set."""
        return self.model_dump_json(exclude_unset=True)


class Workbench:
    """The workbenches of everybody who has the page open."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store
        self._library = Library(context.data)
        self._trials = Trials(context.store, context.judges)
        self._jobs = Jobs()
        self._decided: OrderedDict[tuple[str, int], Sequence[DecidedItem]] = OrderedDict()
        self._handlers: dict[str, Callable[[WorkbenchRequest, str, Person, str], WorkbenchUpdate]] = {
            "try": self._try,
            "upload": self._upload,
            "compare": self._compare,
            "job": self._job,
            "stop": self._stop,
            "curve": self._curve,
            "propose": self._propose,
        }

    def act(self, raw: Any, text: str, person: Person, page: str) -> tuple[str, str | None]:
        """Do what was asked: the reply as JSON, and a text for the editor where there is one."""
        try:
            asked = WorkbenchRequest.model_validate(raw)
        except ValidationError as error:
            return WorkbenchUpdate(serial=serial_of(raw), toasts=(misunderstood(error),)).json_text(), None
        opened: str | None = None
        try:
            if asked.kind in ("start", "open"):
                ref = Ref.parse(asked.ref or "shipped:demo")
                opened = self._library.text(ref)
                reply = self._opened(ref, person)
            elif asked.kind == "save":
                reply, opened = self._save(asked, text, person)
            else:
                reply = self._handlers[asked.kind](asked, text, person, page)
        except JudgeError as error:
            reply = _failed(asked, error)
        return reply.model_copy(update={"serial": asked.serial}).json_text(), opened

    def checked(self, text: str | None) -> str:
        """What is wrong with a text and what its chains are, as HTML. Never raises for what is in it."""
        draft = self._draft(text or "")
        told = [one.check.severity for one in draft.told]
        return render.html(
            "workbench_live",
            draft=draft,
            chains=chains(draft),
            silenced=len(draft.findings) - len(told),
            mistakes=told.count(Severity.ERROR),
            warnings=told.count(Severity.WARNING),
        )

    def left(self, page: str) -> None:
        """A page was closed: its job ends."""
        self._jobs.end(page)

    # What can be asked

    def _try(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        whole = self._draft(text).whole()
        return self._started(page, self._trials.trial(whole, self._pictures(asked, person)))

    def _upload(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        whole = self._draft(text).whole()
        try:
            image = base64.b64decode(asked.data, validate=True)
        except binascii.Error as error:
            raise UserError("the file did not arrive whole", hint="choose it again") from error
        if len(image) > UPLOAD_BYTES:
            raise UserError(f"the file is larger than {UPLOAD_BYTES // 2**20} MiB", hint="shrink it")
        return self._started(page, self._trials.trial(whole, [TrialImage(asked.name[:200] or "upload", image)]))

    def _compare(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        new = self._draft(text).whole()
        ref = Ref.parse(asked.ref)
        old = read(self._library.text(ref)).whole()
        return self._started(page, self._trials.comparison(old, new, self._pictures(asked, person)))

    def _job(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        job = self._jobs.of(page)
        if job is None:
            return WorkbenchUpdate(job=None, announce="Stopped.")
        if job.running:
            return WorkbenchUpdate(job={"done": job.done, "total": job.total})
        self._jobs.end(page)
        if job.error is not None:
            raise job.error
        if isinstance(job.result, PoliciesCompared):
            slots = {"compare": _compared(job.result)}
            said = f"{len(job.result.verdicts.flips)} of {job.result.verdicts.images} images flip."
        else:
            tried: Sequence[Tried] = job.result if isinstance(job.result, tuple) else ()
            slots = {"try": _tried(tried)}
            said = f"{len(tried)} images judged."
        return WorkbenchUpdate(job=None, slots=slots, announce=said)

    def _stop(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        self._jobs.end(page)
        return WorkbenchUpdate(job=None, announce="Stopped.")

    def _curve(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        draft = self._draft(text)
        name = draft.whole().constitution
        decided = self._decided_under(name)
        seen = {one.rule for item in decided for one in item.verdict.findings}
        rules = tuple(rule.id for rule in draft.whole().rules if rule.id in seen) if asked.knob in PER_RULE else ()
        rule = asked.rule if asked.rule in rules else ""
        if rule:
            decided = [one for one in decided if any(found.rule == rule for found in one.verdict.findings)]
        curve = replay.curve(decided, asked.knob, rule or None)
        return WorkbenchUpdate(slots={"curve": _drawn(curve, name)}, rules=rules)

    def _propose(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        proposal = saving.propose(self._library, self._store, self._draft(text), asked.line, person.name)
        changes = render.html("workbench_changes", policy=proposal.policy) if proposal.policy is not None else ""
        shown = render.html("workbench_proposal", proposal=proposal, changes=render.safe(changes))
        return WorkbenchUpdate(slots={"proposal": shown}, announce="These are the changes. Save, or not yet.")

    def _save(self, asked: WorkbenchRequest, text: str, person: Person) -> tuple[WorkbenchUpdate, str]:
        ref, entry = saving.save(self._library, self._store, self._draft(text), asked.line, person.name, asked.token)
        said = {"text": f"Saved {ref.name} {ref.version}, line {entry.seq} of the log.", "bad": False}
        reply = self._opened(ref, person)
        told = reply.model_copy(update={"toasts": (said,), "announce": str(said["text"])})
        return told, self._library.text(ref)

    # How a reply is made

    def _pictures(self, asked: WorkbenchRequest, person: Person) -> tuple[TrialImage, ...]:
        if asked.choice == "decided" and not person.may(Right.DECIDE_ESCALATED):  # some of them are read blind
            raise UserError("what people decided is for the roles policy and admin", hint="choose other images")
        return self._trials.pictures(asked.choice, asked.count)

    def _opened(self, ref: Ref, person: Person) -> WorkbenchUpdate:
        refs = self._library.refs()
        shown = render.html(
            "workbench_refs",
            chosen=str(ref),
            saved=[one for one in refs if one.origin == "saved"],
            shipped=[one for one in refs if one.origin == "shipped"],
        )
        save = render.html("workbench_save", may=person.may(Right.EDIT_CONSTITUTIONS))
        slots = {"save": save, "try": "", "compare": "", "curve": ""}
        return WorkbenchUpdate(
            refs=shown, opened=str(ref), slots=slots, announce=f"{ref.name} {ref.version}".strip() + " opened."
        )

    def _started(self, page: str, job: Job) -> WorkbenchUpdate:
        self._jobs.start(page, job)
        return WorkbenchUpdate(job={"done": 0, "total": job.total})

    def _draft(self, text: str) -> PolicyDraft:
        """The draft, looked at beside the version that it follows."""
        draft = read(text)
        if draft.written is None:
            return draft
        base = self._library.latest(draft.written.constitution)
        return draft if base is None else read(text, read_older(self._library.path(base)))

    def _decided_under(self, name: str) -> Sequence[DecidedItem]:
        """The last decided items, read once until something is decided."""
        last = self._store.log(last=1)
        key = (name, last[0].seq if last else 0)
        if key not in self._decided:
            self._decided[key] = list(self._store.decided(Filters(constitution=name), newest=DECIDED))
            while len(self._decided) > _KEPT:
                self._decided.popitem(last=False)
        return self._decided[key]


def _failed(asked: WorkbenchRequest, error: JudgeError) -> WorkbenchUpdate:
    """A mistake is told where it was made."""
    if isinstance(error, ConstitutionError):
        error = UserError(error.problems[0].message, hint=error.problems[0].hint)
    place = {
        "try": "try",
        "upload": "try",
        "compare": "compare",
        "curve": "curve",
        "propose": "proposal",
        "save": "proposal",
    }.get(asked.kind)
    if asked.kind == "job":
        return WorkbenchUpdate(job=None, slots={"job": render.html("workbench_error", error=error)})
    if place is not None:
        return WorkbenchUpdate(slots={place: render.html("workbench_error", error=error)})
    return WorkbenchUpdate(toasts=(_bad(in_words(error)),))


def _bad(text: str) -> dict[str, Any]:
    return {"text": text, "bad": True}


def _tried(tried: Sequence[Tried]) -> str:
    results = [
        {
            "name": _short(one.picture.name),
            "thumb": _thumb(one.picture),
            "verdict": one.verdict,
            "rules": render.safe(_rules(one.verdict)),
        }
        for one in tried
    ]
    return render.html("workbench_tried", results=results)


def _rules(verdict: Verdict) -> str:
    rules = rules_of(verdict)
    return render.html(
        "rules",
        verdict=verdict,
        judged=[one for one in rules if one.finding.outcome is not RuleOutcome.PRUNED],
        pruned=[one for one in rules if one.finding.outcome is RuleOutcome.PRUNED],
    )


def _compared(found: PoliciesCompared) -> str:
    flips, same = [], []
    by_place = iter(found.verdicts.flips)
    flip = next(by_place, None)
    for picture, (old, new) in zip(found.pictures, found.pairs, strict=True):
        shown = {"name": _short(picture.name), "thumb": _thumb(picture)}
        if (
            flip is not None
            and flip.image == old.image
            and (old.verdict, old.violations) != (new.verdict, new.violations)
        ):
            flips.append({**shown, "flip": flip})
            flip = next(by_place, None)
        elif old.failure is None and new.failure is None:
            same.append({**shown, "verdict": new.verdict})
    changes = render.html("workbench_changes", policy=found.policy)
    labels = (f"{found.policy.old.constitution} {found.policy.old.version}", "the draft")
    return render.html(
        "workbench_compared", diff=found.verdicts, flips=flips, same=same, labels=labels, changes=render.safe(changes)
    )


def _short(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1][:80]


def _thumb(picture: TrialImage) -> str:
    """Shielded, also of an upload: a workbench shows no originals."""
    try:
        small = shielded(picture.image, _THUMB)
    except ImageError:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"


def _drawn(curve: Curve, name: str) -> str:
    """The curve as lines, and the numbers that the slider moves through."""
    if not curve.items:
        return render.html("workbench_curve", curve=curve, name=name)
    values = [point.value for point in curve.points]
    low, reach = values[0], (values[-1] - values[0]) or 1.0

    def x(value: float) -> float:
        return round(46 + 544 * (value - low) / reach, 1)

    lines = []
    for measure in ("precision", "recall", "review"):
        path, pen = [], "M"
        for point in curve.points:
            said = getattr(point.figures, measure).value
            if said is None:
                pen = "M"
                continue
            path.append(f"{pen}{x(point.value)} {round(190 - 180 * said, 1)}")
            pen = "L"
        lines.append({"name": measure, "path": " ".join(path)})
    points = [
        {
            "value": round(one.value, 4),
            "x": x(one.value),
            "recorded": one.recorded,
            "moved": one.moved,
            **{measure: _estimate(getattr(one.figures, measure)) for measure in ("precision", "recall", "review")},
        }
        for one in curve.points
    ]
    return render.html(
        "workbench_curve",
        curve=curve,
        name=name,
        lines=lines,
        points=json.dumps(points),
        label=dict(KNOBS)[curve.knob].split(" (")[0],
        first=f"{values[0]:.2f}",
        last=f"{values[-1]:.2f}",
    )


def _estimate(one: Any) -> list[float | None]:
    return [one.value, one.low, one.high]
