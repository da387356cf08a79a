"""The workbench's cases, as its page shows them: which of them a draft breaks, which items could be one. No Gradio.

What people decided is for who may decide anew: some of it is read blind by others.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from judge.cases.reading import LocatedCase
from judge.constitution import Constitution
from judge.constitution.told import context_digest, subject
from judge.errors import ConstitutionError, JudgeError, UserError
from judge.files import read_whole
from judge.review.store import DecidedItem, Right, Store
from judge.review.ui import render
from judge.review.ui.context import Person
from judge.review.workbench.casebook import CaseBook, Made, overridden
from judge.review.workbench.casecheck import CaseOutcome, Measured, cases_under, counted
from judge.review.workbench.draft import PolicyDraft, read
from judge.review.workbench.library import Library
from judge.review.workbench.recorded import RecordedPicture
from judge.review.workbench.trials import MOST, Job, TrialImage, Trials, Tried
from judge.settings import MOST_IMAGE, Settings
from judge.verdict import Verdict

SHOWN = 60  # outcomes and items that are listed
_KEPT = 400  # pictures whose answers of trials are kept


@lru_cache(maxsize=16)
def _whole(text: str) -> Constitution:
    """A version as it is judged; read once, because every letter typed asks for it."""
    return read(text).whole()


class CaseDesk:
    """The cases of everybody's drafts. Safe from many threads."""

    def __init__(self, library: Library, store: Store, trials: Trials, settings: Settings) -> None:
        self._library, self._store, self._trials, self._settings = library, store, trials, settings
        self.book = CaseBook(library, store)
        # both by the picture's digest and that of what is told beside it; the first of trials since the start
        self._tried: OrderedDict[str, Verdict] = OrderedDict()
        self._known: dict[str, RecordedPicture | None] = {}
        self._read_at = -1  # the newest item when the store was read
        self._guard = threading.Lock()

    def live(self, draft: PolicyDraft, person: Person) -> str:
        """What the draft makes of the cases, as HTML. Never raises for what is in it."""
        if not person.may(Right.DECIDE_ESCALATED):
            return render.html("workbench_cases", problem="", outcomes=(), allowed=False, counts={}, path="", more=0)
        outcomes: tuple[CaseOutcome, ...] = ()
        problem = path = ""
        if draft.judged is not None:
            path = str(self.book.path(draft.judged.constitution).relative_to(self._library.folder.parent))
            try:
                outcomes = self._under(draft)
            except ConstitutionError as error:
                one = error.problems[0]
                problem = f"{Path(one.file).name}, line {one.line}: {one.message}"
            except JudgeError as error:
                problem = error.message
        return render.html(
            "workbench_cases",
            problem=problem,
            outcomes=outcomes[:SHOWN],
            more=max(len(outcomes) - SHOWN, 0),
            allowed=True,
            counts=counted(outcomes),
            path=path if outcomes or problem else "",
        )

    def wanted(self, decided: Sequence[DecidedItem], draft: Constitution, person: Person) -> str:
        """Items that people decided otherwise than the judge and that have no case yet, as HTML."""
        if not person.may(Right.DECIDE_ESCALATED):
            return ""
        try:
            have = {
                (self.book.sha256(one), context_digest(one.case.context)) for one in self._cases(draft.constitution)
            }
        except JudgeError:
            have = set()  # the list of cases says what is wrong with the file
        found = [
            one
            for one in decided
            if overridden(one) and (one.verdict.image_facts.sha256, context_digest(one.verdict.context)) not in have
        ]
        may = person.may(Right.EDIT_CONSTITUTIONS)
        return render.html("workbench_wanted", items=found[:SHOWN], total=len(found), may=may)

    def make(self, item: int, person: Person) -> Made:
        """The item as a case; see `CaseBook.add`."""
        found = next(iter(self._store.decided(item=item)), None)
        if found is None:
            raise UserError(f"item {item} is not decided", hint="decide it first")
        return self.book.add(found, person.name)

    def ask(self, draft: PolicyDraft, person: Person) -> Job:
        """A job that asks the model what the cases lack under the draft; its result goes to `learn`.

        Raises:
            UserError: nothing is lacking, or the pictures are not in the store.
        """
        if not person.may(Right.DECIDE_ESCALATED):
            raise UserError("what people decided is for the roles policy and admin")
        asking = [one for one in self._under(draft) if one.fared == "asks"]
        cases = {(one.case.path, context_digest(one.case.case.context)): one for one in asking}
        images = [
            TrialImage(one.name, read_whole(Path(path), MOST_IMAGE), context=one.case.case.context)
            for (path, _), one in list(cases.items())[:MOST]
        ]
        if not images:
            raise UserError("every case can be told from recorded answers", hint="nothing has to be asked")
        return self._trials.asking(draft.policy(), images)

    def learn(self, tried: Sequence[Tried]) -> None:
        """Keep what a trial found out, so that the next edit need not ask again."""
        with self._guard:
            for one in tried:
                if not isinstance(one.verdict, Verdict):
                    continue  # cases are pictures
                sha256 = one.verdict.image_facts.sha256
                if sha256 is not None and one.verdict.failure is None:
                    shown = subject(sha256, context_digest(one.verdict.context))
                    self._tried[shown] = one.verdict
                    self._tried.move_to_end(shown)
                    self._known.pop(shown, None)
            while len(self._tried) > _KEPT:
                self._tried.popitem(last=False)

    def _cases(self, name: str) -> tuple[LocatedCase, ...]:
        """The cases of a constitution, read by the version that they were written for."""
        base = self._library.latest(name)
        if base is None:
            return ()
        return self.book.cases(name, _whole(self._library.text(base)))

    def _under(self, draft: PolicyDraft) -> tuple[CaseOutcome, ...]:
        whole = draft.whole()
        base = self._library.latest(whole.constitution)
        if base is None:
            return ()
        before, lock = _whole(self._library.text(base)), self._library.lock(base)
        cases = self.book.cases(whole.constitution, before)
        if not cases:
            return ()
        now, then = Measured(whole, draft.lock, self._settings), Measured(before, lock, self._settings)
        return cases_under(now, then, cases, self._pictures(cases))

    def _pictures(self, cases: Sequence[LocatedCase]) -> Callable[[LocatedCase], RecordedPicture | None]:
        """What is recorded of each case's picture beside what the case tells; the store is read for what is new."""
        digests = {one.path: self.book.sha256(one) for one in cases}

        def shown(case: LocatedCase) -> str | None:
            sha256 = digests[case.path]
            return None if sha256 is None else subject(sha256, context_digest(case.case.context))

        newest = self._store.newest
        with self._guard:
            if newest != self._read_at:
                self._known, self._read_at = {}, newest
            new = [one for one in cases if (key := shown(one)) is not None and key not in self._known]
            verdicts = self._store.verdicts_of({str(digests[one.path]) for one in new}) if new else {}
            for one in new:
                key = str(shown(one))
                tried = self._tried.get(key)
                recorded = [*([tried] if tried else []), *verdicts[str(digests[one.path])]]
                self._known[key] = RecordedPicture.of(recorded, one.case.context)
            found = {one: self._known.get(one) for one in map(shown, cases) if one is not None}
        return lambda case: found.get(str(shown(case)))
