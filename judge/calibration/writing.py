"""A calibration in the lock file: which lock may take one, what is written, and what it changes there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from judge.calibration.calibrate import ReviewChange
from judge.constitution import Constitution, load_constitution
from judge.constitution.load import locate
from judge.errors import UserError
from judge.files import write_whole
from judge.judging.pipeline import Judge
from judge.locks.calibrated import made_under, prompts_under
from judge.locks.chains import with_chains
from judge.locks.lockfile import (
    Calibration,
    Lock,
    LockedRule,
    RuleCalibration,
    compare,
    lock_path,
    read_lock,
)
from judge.locks.text import written
from judge.settings import Bounds


@dataclass(frozen=True)
class CalibrationSubject:
    """What is to be calibrated: a constitution with the chains of its lock, the lock, and where that lies."""

    source: str
    path: Path
    constitution: Constitution
    lock: Lock

    @property
    def bounds(self) -> dict[str, Bounds]:
        """By rule, the bounds that the lock holds already."""
        return {name: one.calibration.bounds for name, one in self.lock.rules.items() if one.calibration is not None}


def read_subject(source: str) -> CalibrationSubject:
    """A constitution whose lock may be calibrated.

    Raises:
        UserError, ConstitutionError: what is wrong with either file; there is no lock, it is stale, a rule has no chain
        or has bounds of its own.
    """
    constitution, path = load_constitution(source), lock_path(locate(source))
    lock = read_lock(path)
    again = f"run `judge compile {source}` first, and review what it writes"
    if lock is None:
        raise UserError(f"{source} has no lock file, and a calibration is kept there ({path})", hint=again)
    staleness = compare(constitution, lock)
    if not staleness.fresh:
        raise UserError(f"{path} does not belong to {source} any more ({staleness.in_words})", hint=again)
    chained = with_chains(constitution, lock, str(path))
    if chained.without_chain:
        names = ", ".join(chained.without_chain)
        raise UserError(f"{source}: rules without a chain cannot be calibrated: {names}", hint=again)
    own = [rule.id for rule in chained.rules if rule.thresholds.bounds is not None]
    if own:
        hint = "take `bounds` out of their `thresholds`: what is written there would win over what is calibrated"
        raise UserError(f"{source}: rules with bounds of their own: {', '.join(own)}", hint=hint)
    return CalibrationSubject(source, path, chained, lock)


def calibrated_lock(
    subject: CalibrationSubject,
    change: ReviewChange,
    judge: Judge,
    *,
    labelled: bool,
    dataset: str,
    dataset_digest: str,
) -> Lock:
    """The lock with the new bounds, and none of an earlier calibration: two cannot share one provenance."""
    rules = {rule.id: rule for rule in subject.constitution.rules}
    chosen = {one.rule: one for one in change.rules}

    def entry(name: str, before: LockedRule) -> LockedRule:
        one = chosen[name]
        own = None
        if one.bounds is not None:
            under = made_under(rules[name], judge.settings, judge.constitution.escalate)
            own = RuleCalibration(bounds=one.bounds, ok=one.ok, violating=one.violating, made_under=under)
        return before.model_copy(update={"calibration": own})

    made = Calibration(
        target=change.target,
        level=change.level,
        labelled=labelled,
        dataset=dataset,
        dataset_digest=dataset_digest,
        images=change.images,
        half_width=change.half_width,
        models=judge.provenance.models,
        prompts=prompts_under(judge.constitution, judge.settings),
    )
    entries = {name: entry(name, before) for name, before in subject.lock.rules.items()}
    return subject.lock.model_copy(update={"rules": entries, "calibration": made}).signed()


def write_lock(subject: CalibrationSubject, lock: Lock) -> None:
    """Write the lock whole, if it differs from the one there is.

    Raises:
        UserError: it cannot be written.
    """
    if lock == subject.lock:
        return
    try:
        write_whole(subject.path, written(lock, locate(subject.source).name))
    except OSError as error:
        raise UserError(f"{subject.path}: cannot be written ({error.strerror})") from error


def overwritten(subject: CalibrationSubject, change: ReviewChange) -> tuple[str, ...]:
    """What becomes of bounds that are in the lock already, a sentence for each that changes."""
    new = {one.rule: one.bounds for one in change.rules}
    said = ((rule, old, new.get(rule)) for rule, old in subject.bounds.items())
    return tuple(
        f"{rule}: bounds {shown(old)} in the lock {f'become {shown(now)}' if now is not None else 'are taken out'}"
        for rule, old, now in said
        if old != now
    )


def shown(bounds: Bounds) -> str:
    """Bounds for people: one cut, or a band."""
    if bounds.fails_under == bounds.holds_over:
        return f"{bounds.holds_over:+.2f}"
    return f"{bounds.fails_under:+.2f} to {bounds.holds_over:+.2f}"


def promise(change: ReviewChange, *, labelled: bool) -> tuple[str, ...]:
    """What the calibration promises, and what it does not, in sentences."""
    rate, count = f"{change.level:g}", sum(one.bounds is not None for one in change.rules)
    together = f"over {count} rules together at most {min(1.0, count * change.level):.3g}"
    average = "on average over calibrations on as many images"
    if change.target == "review_budget":
        learned = "from the labels" if labelled else "from today's verdicts, so today's mistakes stay"
        return (
            f"One more image drawn like these ends in needs_review with probability at most {rate}, {average}.",
            f"Nothing is promised about mistakes: where each rule is cut was learned {learned}.",
        )
    if labelled:
        return (
            f"One more image drawn like the ok ones of a rule is flagged by it with probability at most {rate} "
            f"({together}), {average}.",
            "Nothing is promised about how many violations are found, nor how many images go to a person: the table "
            "says both of the images here.",
        )
    return (
        f"One more image drawn like these is flagged by a rule with probability at most {rate} ({together}), {average},"
        " whatever it shows.",
        f"Without labels no false positive rate is known: it is at most {rate} / (1 - v) where a share v of such images"
        " violates the rule. Where today's verdicts are wrong they stay wrong.",
    )
