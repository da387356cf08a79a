"""Language priors in a lock: which statements need one, and where one is too extreme to debias with."""

from __future__ import annotations

from collections.abc import Mapping

from judge.chain import chain_of
from judge.constitution import Constitution, Rule
from judge.locks.lockfile import Lock, LockedRule, Prior, PriorsOf, digest_of
from judge.settings import Thresholds
from judge.verdict import Answer, ModelIdentity

# Under a prior of 0.1 an answer must be under 0.07 to fail and over 0.82 to hold; over 0.9 it must exceed 0.98 to
# hold, while anything under 0.63 fails. Beyond these, one of the two sides has next to no room left.
LEAST, MOST = 0.1, 0.9
_MARK = "prior "


def statements_of(constitution: Constitution) -> dict[str, tuple[str, ...]]:
    """By rule id, every statement with the rule's parameters put in, as a model is asked it about a picture. Those that
    read are asked otherwise, and a lock keeps no prior of them."""
    reading, chains = constitution.readings, {rule.id: chain_of(rule) for rule in constitution.rules}
    return {name: tuple(text for text in chain.statements if text not in reading) for name, chain in chains.items()}


def with_priors(
    lock: Lock, constitution: Constitution, answers: Mapping[str, Answer], of: PriorsOf, thresholds: Thresholds
) -> Lock:
    """The lock with each statement's prior, and a warning where one is degenerate.

    `constitution` is the one with the lock's chains in it.
    """
    wanted = statements_of(constitution)
    rules = {rule.id: rule for rule in constitution.rules}
    entries = {
        name: _with(entry, rules[name], {text: answers[text] for text in wanted[name]}, thresholds)
        for name, entry in lock.rules.items()
    }
    return lock.model_copy(update={"rules": entries, "priors_of": of})


def without_priors(lock: Lock) -> Lock:
    """The lock with no prior and no remark on one."""
    entries = {
        name: entry.model_copy(update={"priors": {}, "warnings": _kept(entry)}) for name, entry in lock.rules.items()
    }
    return lock.model_copy(update={"rules": entries, "priors_of": None})


def known_priors(lock: Lock) -> dict[str, Answer]:
    """Every prior of the lock by statement."""
    return {
        text: Answer(p_yes=prior.p_yes, p_no=prior.p_no)
        for entry in lock.rules.values()
        for text, prior in entry.priors.items()
    }


def _with(entry: LockedRule, rule: Rule, answers: dict[str, Answer], thresholds: Thresholds) -> LockedRule:
    own = thresholds.overridden(rule.thresholds)
    warnings = tuple(filter(None, (degenerate(text, one, own) for text, one in answers.items())))
    priors = {text: Prior(p_yes=one.p_yes, p_no=one.p_no) for text, one in answers.items()}
    return entry.model_copy(update={"priors": priors, "warnings": (*_kept(entry), *warnings)})


def _kept(entry: LockedRule) -> tuple[str, ...]:
    return tuple(one for one in entry.warnings if not one.startswith(_MARK))


def degenerate(statement: str, prior: Answer, thresholds: Thresholds) -> str:
    """What a prior near 0 or 1 does to the decision, and the way out; empty for an ordinary prior."""
    q = prior.probability
    if LEAST <= q <= MOST or thresholds.debias == "logit" or thresholds.bounds is not None:
        return ""
    word, lost = ("no", "hardly ever fails") if q < LEAST else ("yes", "hardly ever holds")
    return (
        f"{_MARK}of `{statement}`: the model answers {word} even without a picture, so its {word} says little, and the "
        f"statement {lost}; reword it, or set `thresholds: {{debias: logit}}` for this rule "
        "(docs/glossary.md#language-prior)"
    )


def priors_in(lock: Lock, model: ModelIdentity, constitution: Constitution) -> dict[str, Answer]:
    """The lock's priors, where they are of this model under the prompt that it will be asked with."""
    of = PriorsOf(model=model, prompt=prompt_digest(constitution))
    return known_priors(lock) if lock.priors_of == of else {}


def prompt_digest(constitution: Constitution) -> str:
    """Digest of all that a prior depends on beside the model and the statement."""
    digests = constitution.asked_in.digests
    return digest_of([constitution.language, digests["ask"], digests["answers"]])
