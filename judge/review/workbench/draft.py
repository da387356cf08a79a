"""The text in the editor, however half-typed: what is wrong with it, and what can be judged by it. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from judge.chain import Chain, chain_of
from judge.compiler.compile import compile_constitution
from judge.constitution import Constitution, Rule
from judge.constitution.load import parse_constitution
from judge.errors import ConstitutionError, UserError
from judge.lint import LintFinding, lint_text
from judge.lint.checks import CHECKS
from judge.locks.calibrated import with_calibration_of
from judge.locks.chains import with_chains
from judge.locks.loading import Policy
from judge.locks.lockfile import Calibration, Lock
from judge.locks.said import Described, pictures, said_back
from judge.settings import Bounds

FILE = "the draft"
# A draft has no test file beside it, so that check would say of every draft that nothing is tested.
_CHECKS = tuple(check for check in CHECKS if check.name != "untested-rule")


@dataclass(frozen=True)
class PolicyDraft:
    """A text with all that is known of it.

    written: the constitution as it stands in the text; None where the text does not load. judged: the same with
    chains read by the rule grammar in the rules that have none; what they are judged by. lock: these chains, and the
    calibrated bounds of the version before in the rules that still say the same; None where there is neither.
    """

    text: str
    findings: tuple[LintFinding, ...]
    written: Constitution | None
    judged: Constitution | None
    lock: Lock | None

    @property
    def told(self) -> tuple[LintFinding, ...]:
        """The findings that nobody silenced in the text."""
        return tuple(one for one in self.findings if one.silenced is None)

    @property
    def calibration(self) -> Calibration | None:
        """Where the bounds come from that some of its rules are judged by."""
        return self.lock.calibration if self.lock is not None else None

    def policy(self) -> Policy:
        """The constitution with what its lock adds, as a judge takes it.

        Raises:
            UserError: the text does not load.
        """
        return Policy(self.whole(), self.lock if self.calibration is not None else None, Path(FILE))

    def whole(self) -> Constitution:
        """The constitution to judge by.

        Raises:
            UserError: the text does not load.
        """
        if self.judged is None:
            mistakes = sum(one.check.name == "invalid-constitution" for one in self.findings)
            raise UserError(
                f"the draft does not load: {mistakes} mistake{'s' if mistakes != 1 else ''}",
                hint="mend what Check lists first",
            )
        return self.judged


@dataclass(frozen=True)
class ChainView:
    """A rule with its chain, to be drawn: where it stands in the text, and who made the chain. bounds: by which its
    statements are decided, its own or (`calibrated`) those that were chosen for it."""

    rule: Rule
    chain: Chain
    line: int
    by_grammar: bool
    bounds: Bounds | None = None
    calibrated: bool = False

    @property
    def said(self) -> tuple[str, ...]:
        """When a picture is flagged and when it is not, in sentences from the chain alone."""
        return said_back(self.chain)

    @property
    def pictures(self) -> tuple[Described, ...]:
        """The smallest pictures on either side, in words."""
        return pictures(self.chain)


def read(text: str, older: dict[str, str] | None = None, previous: Lock | None = None) -> PolicyDraft:
    """Everything about a text. Never raises for what is in it.

    older: ids and texts of the rules of the version before, to find renamed rules. previous: that version's lock.
    """
    findings = lint_text(text, FILE, older=older, checks=_CHECKS)
    try:
        written = parse_constitution(text, file=FILE)
    except ConstitutionError:
        return PolicyDraft(text, findings, None, None, None)
    measured = previous is not None and previous.calibration is not None
    if not written.without_chain and not measured:
        return PolicyDraft(text, findings, written, written, None)
    lock = compile_constitution(written, None)
    if measured and previous is not None:
        lock = with_calibration_of(previous, lock).signed()
        if lock.calibration is None and not written.without_chain:
            return PolicyDraft(text, findings, written, written, None)
    return PolicyDraft(text, findings, written, with_chains(written, lock, FILE), lock)


def chains(draft: PolicyDraft) -> tuple[ChainView, ...]:
    """Every rule of a draft that loads, in its order, as it would be judged."""
    if draft.written is None or draft.judged is None:
        return ()
    lines = _lines(draft)
    pairs = zip(draft.written.rules, draft.judged.rules, strict=True)
    chosen = draft.lock.rules if draft.lock is not None else {}
    views = []
    for index, (written, judged) in enumerate(pairs):
        by_grammar = bool(judged.preconditions) and not written.preconditions
        own, entry = judged.thresholds.bounds, chosen.get(judged.id)
        calibrated = entry.calibration if entry is not None and own is None else None
        bounds = calibrated.bounds if calibrated is not None else own
        chain = chain_of(judged)
        views.append(ChainView(judged, chain, lines[index], by_grammar, bounds, calibrated is not None))
    return tuple(views)


def _lines(draft: PolicyDraft) -> list[int]:
    from judge.constitution.document import read_document

    document = read_document(draft.text, FILE)
    count = len(draft.written.rules) if draft.written is not None else 0
    return [document.values.get(("rules", index), (1, 1))[0] for index in range(count)]
