"""A lock's calibration, put to use: whether its bounds fit how a rule is judged now. Chooses no bounds.

Bounds mean something for the scores they were chosen on and for no others. So they are used only with the models and
prompts they were made with, and, rule by rule, with the same chain and thresholds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from judge.constitution import Constitution, Rule
from judge.locks.lockfile import Lock, LockedRule, RuleCalibration, digest_of
from judge.settings import Bounds, Ladder, Settings
from judge.verdict import ModelIdentity


class Applied(NamedTuple):
    """A constitution with the bounds of its lock in it. digest: of the calibration, None where nothing was used.

    refused: why bounds in the lock were left out, a sentence each.
    """

    constitution: Constitution
    digest: str | None = None
    refused: tuple[str, ...] = ()


def made_under(rule: Rule, settings: Settings, escalate: Ladder | None = None) -> str:
    """Digest of all that a rule's scores depend on, beside models and prompts."""
    thresholds = settings.thresholds.overridden(rule.thresholds).of_exceptions
    said = rule.model_dump(mode="json", include={"rule", "preconditions", "exceptions", "parameters"})
    steps = settings.steps(escalate)
    reasons = "reasoning" in steps  # digests of old stay as they are: what is as ever is not in them
    how: list[str] = [] if settings.reason_with == "steps" else [settings.reason_with]
    how += steps if set(steps) - {"reasoning"} else ()
    return digest_of([said, thresholds.model_dump(mode="json"), reasons, settings.reason_tokens, *how])


def prompts_under(constitution: Constitution, settings: Settings) -> dict[str, str]:
    """Digests of all prompts that scores depend on, those of the ladder's steps included."""
    language, steps = constitution.asked_in, settings.steps(constitution.escalate)
    return {**language.digests, **language.digests_of(steps, context=bool(constitution.readings))}


def calibration_digest(lock: Lock) -> str | None:
    """Digest of a lock's calibration: its provenance and every bound; None without one."""
    if lock.calibration is None:
        return None
    bounds = {name: one.calibration.model_dump(mode="json") for name, one in lock.rules.items() if one.calibration}
    return digest_of([lock.calibration.model_dump(mode="json"), bounds])


def calibrated(
    constitution: Constitution, lock: Lock, models: tuple[ModelIdentity, ...], settings: Settings
) -> Applied:
    """The constitution (with the lock's chains) judged by the lock's bounds, where they fit.

    Bounds that are written in the constitution itself win.
    """
    made = lock.calibration
    if made is None:
        return Applied(constitution)
    if settings.votes_on_all:
        return Applied(constitution, None, ("its bounds are of one model's scores, and a committee votes on all",))
    if made.models != models:
        was, now = (
            ", ".join(f"{one.name} ({one.role}, {_place(one)})" for one in each) for each in (made.models, models)
        )
        differ = "other weights of the same names" if was == now else f"{was}, and these are {now}"
        return Applied(constitution, None, (f"it was made with {differ}",))
    if made.prompts != prompts_under(constitution, settings):
        return Applied(
            constitution, None, ("it was made under other prompts, or with other steps for what stays open",)
        )
    refused: list[str] = []
    judged_by = bounded(constitution, _fitting(constitution, lock, settings, refused))
    digest = calibration_digest(lock) if judged_by != constitution else None
    return Applied(judged_by, digest, tuple(refused))


def _fitting(
    constitution: Constitution, lock: Lock, settings: Settings, refused: list[str]
) -> dict[str, Bounds | None]:
    """Bounds by rule: those that are written, else the lock's where they fit; why others do not goes to `refused`."""
    found: dict[str, Bounds | None] = {}
    for rule in constitution.rules:
        entry = lock.rules.get(rule.id)
        own = entry.calibration if entry is not None else None
        found[rule.id] = rule.thresholds.bounds
        if own is not None and own.made_under != made_under(rule, settings, constitution.escalate):
            refused.append(f"{rule.id} has another chain or other thresholds since")
        elif own is not None and rule.thresholds.bounds is None:
            found[rule.id] = own.bounds
    return found


def bounded(constitution: Constitution, bounds: Mapping[str, Bounds | None]) -> Constitution:
    """The constitution with these bounds, by rule id, in place of any it has."""
    rules = (
        rule.model_copy(update={"thresholds": rule.thresholds.model_copy(update={"bounds": bounds.get(rule.id)})})
        for rule in constitution.rules
    )
    return constitution.model_copy(update={"rules": tuple(rules)})


def with_calibration_of(previous: Lock, lock: Lock) -> Lock:
    """`lock` with the calibration of `previous`, in the rules whose entries still say the same."""

    def kept(name: str, entry: LockedRule) -> RuleCalibration | None:
        before = previous.rules.get(name)
        same = before is not None and before.rule_digest == entry.rule_digest and before.content == entry.content
        return before.calibration if before is not None and same else None

    rules = {name: entry.model_copy(update={"calibration": kept(name, entry)}) for name, entry in lock.rules.items()}
    any_left = any(entry.calibration is not None for entry in rules.values())
    return lock.model_copy(update={"rules": rules, "calibration": previous.calibration if any_left else None})


def _place(model: ModelIdentity) -> str:
    return f"{model.dtype} on {model.device}" + ("" if model.quantization == "none" else f", {model.quantization}")
