"""What happens on the workbench: one event of the page in, the parts of the page that change out. Knows no Gradio.

The text of the editor comes with every event; what is open, and what was found, lives in the page. Saving asks the
store who may, and shows everything that would be written before anything is (`judge.review.workbench.saving`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from judge.errors import ConstitutionError, JudgeError, UserError
from judge.judging.replay import Knob
from judge.lint import Severity
from judge.lint.neighbours import read_older
from judge.review.queue.messages import in_words, misunderstood, serial_of
from judge.review.store import DecidedItem, Filters, Right
from judge.review.store.clips import untold
from judge.review.ui import render
from judge.review.ui.context import Context, Person
from judge.review.ui.parts import toast, uploaded
from judge.review.workbench import replay, saving
from judge.review.workbench.casedesk import CaseDesk
from judge.review.workbench.draft import PolicyDraft, chains, read
from judge.review.workbench.editing import with_threshold
from judge.review.workbench.library import Library, Ref
from judge.review.workbench.messages import WorkbenchRequest, WorkbenchUpdate
from judge.review.workbench.showing import compared_html, curve_html, refs_html, tried_html
from judge.review.workbench.trials import CasesAsked, Job, Jobs, PoliciesCompared, TrialImage, Trials, Tried

PANELS = (
    ("check", "Check"),
    ("chains", "Chains"),
    ("cases", "Cases"),
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
PER_RULE = frozenset(Knob) - {Knob.LABEL_MASS}  # label mass is the run's own
DEMO = "shipped:demo"
DECIDED = 500  # the last decided items that a threshold is tried on
_KEPT = 4


class Workbench:
    """The workbenches of everybody who has the page open."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store
        self._library = Library(context.data)
        self._trials = Trials(context.store, context.judges)
        self._jobs = Jobs()
        self._cases = CaseDesk(self._library, context.store, self._trials, context.settings)
        self._decided: OrderedDict[tuple[str, int], Sequence[DecidedItem]] = OrderedDict()
        self._handlers: dict[str, Callable[[WorkbenchRequest, str, Person, str], WorkbenchUpdate]] = {
            "try": self._try,
            "upload": self._upload,
            "compare": self._compare,
            "job": self._job,
            "stop": self._stop,
            "curve": self._curve,
            "propose": self._propose,
            "wanted": self._wanted,
            "case": self._case,
            "ask": self._ask,
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
                reply, opened = self._open(asked, person)
            elif asked.kind == "put":
                reply, opened = self._put(asked, text)
            elif asked.kind == "save":
                reply, opened = self._save(asked, text, person)
            else:
                reply = self._handlers[asked.kind](asked, text, person, page)
        except JudgeError as error:
            reply = _failed(asked, error)
        return reply.model_copy(update={"serial": asked.serial}).json_text(), opened

    def checked(self, text: str | None, person: Person) -> str:
        """What is wrong with a text, what its chains are and which cases it breaks, as HTML. Never raises for what is
        in it."""
        draft = self._draft(text or "")
        told = [one.check.severity for one in draft.told]
        return render.html(
            "workbench_live",
            draft=draft,
            chains=chains(draft),
            calibration=draft.calibration,
            cases=render.safe(self._cases.live(draft, person)),
            silenced=len(draft.findings) - len(told),
            mistakes=told.count(Severity.ERROR),
            warnings=told.count(Severity.WARNING),
        )

    def left(self, page: str) -> None:
        """A page was closed: its job ends."""
        self._jobs.end(page)

    # What can be asked

    def _open(self, asked: WorkbenchRequest, person: Person) -> tuple[WorkbenchUpdate, str]:
        ref, gone = Ref.parse(asked.ref or DEMO), None
        try:
            base = self._library.text(ref)
        except UserError as error:
            if asked.draft is None:
                raise
            ref, gone = Ref.parse(DEMO), toast(f"{in_words(error)} Your edits are here.", bad=True)
            base = self._library.text(ref)
        reply = self._opened(ref, person, base).model_copy(update={"draft": asked.draft} if asked.draft else {})
        return (reply.model_copy(update={"toasts": (gone,)}) if gone else reply), asked.draft or base

    def _put(self, asked: WorkbenchRequest, text: str) -> tuple[WorkbenchUpdate, str]:
        """A tried threshold into the draft: of a rule, or of all that do not set their own."""
        if asked.knob not in PER_RULE:
            raise UserError(f"{asked.knob} is the run's own", hint="no rule can set it")
        known = self._draft(text).whole().rules
        rules = [one.id for one in known if getattr(one.thresholds, asked.knob) is None]
        if asked.rule:
            rules = [one.id for one in known if one.id == asked.rule]
        changed = with_threshold(text, rules, asked.knob, asked.value)
        where = asked.rule or f"{len(rules)} rule{'' if len(rules) == 1 else 's'}"
        said = f"{asked.knob} is {asked.value:g} in {where} of the draft."
        return WorkbenchUpdate(toasts=(toast(said),), announce=said), changed

    def _try(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        policy = self._draft(text).policy()
        return self._started(page, self._trials.trial(policy, self._pictures(asked, person)))

    def _upload(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        policy = self._draft(text).policy()
        image = TrialImage(asked.name[:200] or "upload", uploaded(asked.data))
        return self._started(page, self._trials.trial(policy, [image]))

    def _compare(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        new = self._draft(text).policy()
        ref = Ref.parse(asked.ref)
        old = read(self._library.text(ref), previous=self._library.lock(ref)).policy()
        return self._started(page, self._trials.comparison(old, new, self._pictures(asked, person)))

    def _job(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        job = self._jobs.of(page)
        if job is None:
            return WorkbenchUpdate(job=None, announce="Stopped.")
        if job.running:
            return WorkbenchUpdate(job={"done": job.done, "total": job.total, "asked": job.asked, "waits": job.waits})
        self._jobs.end(page)
        if job.error is not None:
            raise job.error
        if isinstance(job.result, CasesAsked):
            self._cases.learn(job.result.tried)
            slots = {"cases": self._cases.live(self._draft(text), person)}
            said = f"{len(job.result.tried)} images asked about."
        elif isinstance(job.result, PoliciesCompared):
            slots = {"compare": compared_html(job.result)}
            said = f"{len(job.result.verdicts.flips)} of {job.result.verdicts.images} images flip."
        else:
            tried: Sequence[Tried] = job.result if isinstance(job.result, tuple) else ()
            slots = {"try": tried_html(tried)}
            said = f"{len(tried)} images judged."
        return WorkbenchUpdate(job=None, slots=slots, announce=said)

    def _stop(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        self._jobs.end(page)
        return WorkbenchUpdate(job=None, announce="Stopped.")

    def _wanted(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        whole = self._draft(text).whole()
        shown = self._cases.wanted(self._decided_under(whole.constitution), whole, person)
        return WorkbenchUpdate(slots={"wanted": shown})

    def _case(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        made = self._cases.make(asked.item, person)
        what = ", ".join(f"{rule}: {word}" for rule, word in made.expect.items())
        said = f"Item {asked.item} is a case now: {what}. Line {made.entry.seq} of the log."
        draft, slots = self._draft(text), {}
        if draft.judged is not None:
            slots["wanted"] = self._wanted(asked, text, person, page).slots["wanted"]
        slots["cases"] = self._cases.live(draft, person)
        return WorkbenchUpdate(slots=slots, toasts=(toast(said),), announce=said)

    def _ask(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        return self._started(page, self._cases.ask(self._draft(text), person))

    def _curve(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        draft = self._draft(text)
        name = draft.whole().constitution
        decided = self._decided_under(name)
        seen = {one.rule for item in decided for one in item.verdict.findings}
        rules = tuple(rule.id for rule in draft.whole().rules if rule.id in seen) if asked.knob in PER_RULE else ()
        rule = asked.rule if asked.rule in rules else ""
        if rule:
            decided = [one for one in decided if any(found.rule == rule for found in one.verdict.findings)]
            decided = [one for one in decided if rule not in untold(one.verdict)]  # who decided could not say
        curve = replay.curve(decided, asked.knob, rule or None)
        held = {
            one.rule for item in decided for one in item.verdict.findings if one.thresholds and one.thresholds.bounds
        }
        moves_not = held if asked.knob in (Knob.PRIOR_HOLDS, Knob.PRIOR_FAILS) else set()
        shown = curve_html(curve, name, sorted({rule} & moves_not if rule else moves_not))
        return WorkbenchUpdate(slots={"curve": shown}, rules=rules)

    def _propose(self, asked: WorkbenchRequest, text: str, person: Person, page: str) -> WorkbenchUpdate:
        proposal = saving.propose(self._library, self._store, self._draft(text), asked.line, person.name)
        changes = render.html("workbench_changes", policy=proposal.policy) if proposal.policy is not None else ""
        shown = render.html("workbench_proposal", proposal=proposal, changes=render.safe(changes))
        return WorkbenchUpdate(slots={"proposal": shown}, announce="These are the changes. Save, or not yet.")

    def _save(self, asked: WorkbenchRequest, text: str, person: Person) -> tuple[WorkbenchUpdate, str]:
        ref, entry = saving.save(self._library, self._store, self._draft(text), asked.line, person.name, asked.token)
        said = toast(f"Saved {ref.name} {ref.version}, line {entry.seq} of the log.")
        reply = self._opened(ref, person, self._library.text(ref))
        told = reply.model_copy(update={"toasts": (said,), "announce": str(said["text"])})
        return told, self._library.text(ref)

    # How a reply is made

    def _pictures(self, asked: WorkbenchRequest, person: Person) -> tuple[TrialImage, ...]:
        if asked.choice == "decided" and not person.may(Right.DECIDE_ESCALATED):  # some of them are read blind
            raise UserError("what people decided is for the roles policy and admin", hint="choose other images")
        return self._trials.pictures(asked.choice, asked.count)

    def _opened(self, ref: Ref, person: Person, base: str) -> WorkbenchUpdate:
        shown = refs_html(self._library, ref)
        save = render.html("workbench_save", may=person.may(Right.EDIT_CONSTITUTIONS))
        slots = {"save": save, "try": "", "compare": "", "curve": ""}
        said = f"{ref.name} {ref.version}".strip() + " opened."
        return WorkbenchUpdate(refs=shown, opened=str(ref), base=base, whose=person.name, slots=slots, announce=said)

    def _started(self, page: str, job: Job) -> WorkbenchUpdate:
        self._jobs.start(page, job)
        return WorkbenchUpdate(job={"done": 0, "total": job.total})

    def _draft(self, text: str) -> PolicyDraft:
        """The draft, looked at beside the version that it follows."""
        draft = read(text)
        if draft.written is None:
            return draft
        base = self._library.latest(draft.written.constitution)
        if base is None:
            return draft
        return read(text, read_older(self._library.path(base)), self._library.lock(base))

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
        "wanted": "wanted",
        "propose": "proposal",
        "save": "proposal",
    }.get(asked.kind)
    if asked.kind == "job":
        return WorkbenchUpdate(job=None, slots={"job": render.html("workbench_error", error=error)})
    if place is not None:
        return WorkbenchUpdate(slots={place: render.html("workbench_error", error=error)})
    return WorkbenchUpdate(toasts=(toast(in_words(error), bad=True),))
