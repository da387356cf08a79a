"""The judge with one thing left out at a time, to measure what that thing is worth.

Nothing of the judging code is switched off: each ablation is the same judge under thresholds that a step cannot pass,
under a constitution written otherwise, or with a model that has no prior. So its verdicts carry a true record of how
they came about, and it asks mostly what the whole method asked: `CachedAnswers` makes all of them together cheap.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from judge.caches.answers import CachedAnswers
from judge.constitution import Constitution, Precondition, Rule, Statement
from judge.errors import UserError
from judge.evaluation.methods.clue import JudgeMethod, all_enforced
from judge.judging.asking import prior_instructions
from judge.judging.pipeline import Judge
from judge.languages import DEFAULT
from judge.ports import Ask, Conversation, Mllm
from judge.settings import Ladder, ThresholdOverrides
from judge.verdict import Answer, ModelIdentity

_BEYOND: dict[str, float] = {"region_drop": 1.0, "small_object": 0.0}  # no drop is larger, no object smaller
_AT_HALF: dict[str, float] = {"prior_fails": 0.0, "prior_holds": 0.0}
_LONGEST = 2000  # characters that a statement may have


def ablations(
    judge: Judge, kept: CachedAnswers | None = None, unobjectified: Constitution | None = None
) -> tuple[JudgeMethod, ...]:
    """Every ablation of a judge. That of objectification needs the same rules in words of opinion, which no program
    can write: without `unobjectified` it is left out.

    Raises:
        UserError: the constitution is not in English (that without preconditions joins statements by English words),
            or `unobjectified` has other rules.
    """
    made = _Ablations(judge, kept)
    whole = made.constitution
    found = [
        made.of("without-relevance", "Judges every rule on every image.", thresholds={"relevance": -1.0}),
        made.of(
            "without-preconditions",
            "Asks about each rule in one statement, which has its whole chain in it.",
            constitution=in_one_statement(whole),
        ),
        made.of(
            "without-prior-debiasing",
            "Takes every prior for one half: an answer under 0.35 fails and one over 0.9 holds (published factors).",
            without_prior=True,
        ),
        made.of("without-region-debiasing", "Goes from the prior straight to reasoning.", thresholds=_BEYOND),
        made.of(
            "without-debiasing",
            "Neither prior, region nor reasoning: an answer over 0.5 holds, one under it fails.",
            thresholds=_BEYOND | _AT_HALF,
            without_prior=True,
            escalate=(),
        ),
        made.of("without-reasoning", "What prior and region leave undecided goes to a person.", escalate=()),
        made.of("logit-debiasing", "Takes the prior off in log odds.", thresholds={"debias": "logit"}),
    ]
    if unobjectified is not None:
        _check_same_rules(whole, unobjectified)
        about = "Judges by rules in words of opinion, and by the preconditions that such rules give."
        found.insert(0, made.of("without-objectification", about, constitution=all_enforced(unobjectified)))
    return tuple(found)


class _Ablations:
    """Makes ablations of one judge, which share one memory of its model's answers."""

    def __init__(self, judge: Judge, kept: CachedAnswers | None) -> None:
        self._judge = judge
        self._shared = None if kept is None else kept.sharing(judge)
        self.constitution = all_enforced(judge.constitution)

    def of(
        self,
        name: str,
        about: str,
        *,
        constitution: Constitution | None = None,
        thresholds: Mapping[str, Any] | None = None,
        escalate: Ladder | None = None,
        without_prior: bool = False,
    ) -> JudgeMethod:
        """The judge with these things otherwise."""
        changed = dict(thresholds or {})
        settings = self._judge.settings
        settings = settings.model_copy(
            update={
                "thresholds": settings.thresholds.model_copy(update=changed),
                "escalate": settings.escalate if escalate is None else escalate,
            }
        )
        mllm: Mllm = self._shared or self._judge.mllm
        if without_prior:
            mllm = EvenPrior(mllm, prior_instructions(self.constitution))
        own = set(changed) & set(ThresholdOverrides.model_fields)
        if without_prior or constitution is not None or own & {"debias", "prior_fails", "prior_holds"}:
            own.add("bounds")  # they would stand in place of what is changed, or were chosen for other statements
        changed_rules = _without_own(constitution or self.constitution, own)
        judge = self._judge.derive(constitution=changed_rules, model=mllm, settings=settings)
        return JudgeMethod(judge, name, "ablation", about, self._shared)


class EvenPrior:
    """An `Mllm` that leans neither way where it is shown and told nothing, and is otherwise the one behind it.

    priors: what a question begins with that asks for a prior (see `prior_instructions`).
    """

    def __init__(self, mllm: Mllm, priors: Container[str]) -> None:
        self._mllm, self._priors = mllm, priors

    @property
    def identity(self) -> ModelIdentity:
        """The model's, with a name that says what was done to it."""
        known = self._mllm.identity
        return known.model_copy(update={"name": f"{known.name}, every prior taken for one half"})

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`."""
        shown = [ask for ask in asks if not self._is_prior(ask)]
        seen = iter(self._mllm.answer(shown) if shown else [])
        return [Answer(p_yes=0.5, p_no=0.5) if self._is_prior(ask) else next(seen) for ask in asks]

    def _is_prior(self, ask: Ask) -> bool:
        return ask.image is None and ask.instruction in self._priors

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`."""
        return self._mllm.reply(conversations, max_tokens=max_tokens, schema=schema)


def in_one_statement(constitution: Constitution) -> Constitution:
    """The same rules, each with its whole chain in a single statement instead of preconditions and exceptions.

    The statement says neither more nor less than the chain, so that only the splitting is left out, not what an
    objective wording says beyond the rule's text.

    Raises:
        UserError: the constitution is not in English, or a chain is too long for one statement.
    """
    if constitution.language != DEFAULT:
        raise UserError(
            f"statements are joined by English words, and the constitution is in language '{constitution.language}'",
            hint="evaluate without ablations",
        )
    rules = tuple(_in_one(rule) if rule.preconditions else rule for rule in constitution.rules)
    return constitution.model_copy(update={"rules": rules})


def _in_one(rule: Rule) -> Rule:
    def joined(group: Precondition) -> str:
        return " or ".join(one.statement for one in group.any)

    text = ", and ".join(joined(one) for one in rule.preconditions)
    if rule.exceptions:
        text += f", unless {' or '.join(joined(one) for one in rule.exceptions)}"
    every = [one for group in rule.preconditions for one in group.any]
    words = dict.fromkeys(word for one in every for word in one.central_objects)
    lifting = [one for group in rule.exceptions for one in group.any]
    reads = tuple(dict.fromkeys(field for one in (*every, *lifting) for field in one.reads))
    sees = any(one.sees or not one.reads for one in (*every, *lifting))  # by itself, or beside what it reads
    if len(text) > _LONGEST:
        raise UserError(
            f"rule {rule.id}: its chain is too long for one statement ({len(text)} characters)",
            hint="evaluate without ablations",
        )
    joined_statement = Statement(
        statement=text, central_objects=tuple(words), reads=reads, sees="image" if reads and sees else None
    )
    whole = Precondition(any=(joined_statement,))
    return rule.model_copy(update={"preconditions": (whole,), "exceptions": ()})


def _without_own(constitution: Constitution, names: set[str]) -> Constitution:
    """The constitution without the rules' own values for some thresholds, which are changed for all rules."""
    rules = tuple(
        rule.model_copy(update={"thresholds": rule.thresholds.model_copy(update=dict.fromkeys(names))})
        for rule in constitution.rules
    )
    return constitution.model_copy(update={"rules": rules})


def _check_same_rules(constitution: Constitution, unobjectified: Constitution) -> None:
    ids, others = ({rule.id for rule in one.rules} for one in (constitution, unobjectified))
    if ids != others:
        differing = ", ".join(sorted(ids ^ others))
        raise UserError(
            f"{unobjectified.constitution} needs the rules of {constitution.constitution}; only one has: {differing}",
            hint="write each rule once more under the same id, in words of opinion",
        )
    if unobjectified.language != constitution.language:
        raise UserError(f"{unobjectified.constitution} is in another language than {constitution.constitution}")
