"""`compile_constitution`: a constitution to its lock, rule by rule.

1. a rule that a person approved or edited, and that has not changed, stays as it is; so does one made the same way
before; 2. preconditions written by hand are taken over; 3. else an LLM objectifies and decomposes the rule, and what it
made is held against the rule (`gate`), or the rule grammar reads it; 4. failures of all rules are told together, and
then there is no lock.
Knows models by protocol only; language priors are the caller's business (`priors`).
"""

from __future__ import annotations

from judge import prompts
from judge.chain import chain_of_conditions
from judge.compiler.asking import Llm, Nonsense
from judge.compiler.decompose import UnfitChain, decompose
from judge.compiler.gate import disagreement, veto
from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.checks import faults, faults_by_hand, faults_of_statements
from judge.compiler.grammar.grammar import parse_rule
from judge.compiler.objectify import ROUNDS, Objective, objectify
from judge.constitution import Constitution, Rule
from judge.errors import ModelError
from judge.languages import DEFAULT
from judge.locks.approval import taken_over
from judge.locks.calibrated import with_calibration_of
from judge.locks.chains import joined
from judge.locks.lockfile import COMPILER, Lock, LockedRule, MadeBy, digest_of, source_digest

_BY_LANGUAGE = ("rate", "rewrite", "decompose")  # in the constitution's language
_ENGLISH = ("central_objects", "compare")
NOT_READ = "not read: "
_MARK, _OURS, _BY_HAND = "edited: ", "its exceptions: ", "by hand: "


class CompileError(ModelError):
    """The LLM failed on some rules. `failures` has the reason by rule id."""

    def __init__(self, failures: dict[str, ModelError], untried: int) -> None:
        lines = [f"{name}: {error.message}" for name, error in failures.items()]
        if untried:
            lines.append(f"{untried} more rules were not tried")
        last = next(reversed(failures.values()))
        super().__init__(
            "not compiled, and nothing was written:\n  " + "\n  ".join(lines), hint=last.hint, retryable=last.retryable
        )
        self.failures = failures


def compile_constitution(
    constitution: Constitution,
    llm: Llm | None,
    previous: Lock | None = None,
    *,
    renew: bool = False,
    rounds: int = ROUNDS,
) -> Lock:
    """The lock of a constitution. `llm` None: the rule grammar. `renew`: keep nothing of `previous`.

    Raises:
        CompileError: the LLM failed, or answered nonsense; says for which rules.
    """
    rules: dict[str, LockedRule] = {}
    failures: dict[str, ModelError] = {}
    before = previous.rules if previous is not None and not renew else {}
    for index, rule in enumerate(constitution.rules):
        recipe = _recipe(rule, llm, rounds, constitution.language)
        old = before.get(rule.id)
        same = old if old is not None and old.is_of(rule) else None
        if same is not None and not rule.preconditions and (same.kept or same.made_with == recipe):
            rules[rule.id] = looked_at(taken_over(same), constitution.language)
            continue
        try:
            made = _compiled(rule, llm, recipe, rounds, constitution.language)
        except Nonsense as error:
            failures[rule.id] = error
        except ModelError as error:  # the next rule would only wait for the same failure
            raise CompileError({**failures, rule.id: error}, len(constitution.rules) - index - 1) from error
        else:  # an approval is of the rule's chain: it stays where the chain is written in the rule itself
            by = None
            if same is not None and rule.preconditions and (same.approved or same.approved_digest is None):
                by = same.approved_by
            rules[rule.id] = looked_at(taken_over(made.model_copy(update={"approved_by": by})), constitution.language)
    if failures:
        raise CompileError(failures, 0)
    used = any(rule.made_by == "llm" or rule.score is not None for rule in rules.values())
    lock = Lock(
        constitution=constitution.constitution,
        version=constitution.version,
        constitution_digest=constitution.digest,
        compiler=COMPILER,
        prompts=_prompts(constitution.language) if used else {},
        llm=llm.identity if used and llm is not None else previous.llm if used and previous is not None else None,
        rules=rules,
    )
    return lock if previous is None or renew else with_calibration_of(previous, lock)


def _prompts(language: str) -> dict[str, str]:
    """Digests of what the LLM is told."""
    named = {name: f"{language}/{name}" for name in _BY_LANGUAGE} | {name: name for name in _ENGLISH}
    return {name: prompts.digest(path) for name, path in named.items()}


def _recipe(rule: Rule, llm: Llm | None, rounds: int, language: str) -> str:
    """Digest of how the rule's chain would be made now."""
    if rule.preconditions:
        return digest_of(["written", COMPILER])
    if llm is None:
        return digest_of(["grammar", COMPILER])
    identity = llm.identity.model_dump(mode="json")
    return digest_of(["llm", COMPILER, rounds, identity, *_prompts(language).values()])


def _compiled(rule: Rule, llm: Llm | None, recipe: str, rounds: int, language: str) -> LockedRule:
    fresh = LockedRule(id=rule.id, rule=rule.rule, made_by="nothing", rule_digest=source_digest(rule), made_with=recipe)
    if rule.preconditions:
        return _signed(fresh, made_by="written", preconditions=rule.preconditions, exceptions=rule.exceptions)
    if llm is None:
        return _read(fresh, rule)
    return _made(fresh, rule, llm, objectify(rule.rule, llm, rounds, language), language)


def _made(fresh: LockedRule, rule: Rule, llm: Llm, objective: Objective, language: str) -> LockedRule:
    """What the LLM makes of a rule; no chain, and the reason, where that does not stand up to the rule (`gate`)."""
    best = objective.best
    worded = fresh.model_copy(
        update={"objective": best.text, "score": best.score, "explanation": best.why, "exceptions": rule.exceptions}
    )

    def refused(why: str) -> LockedRule:
        return _signed(worded, made_by="nothing", warnings=(*objective.warnings, f"not taken: {why}"))

    try:
        preconditions, lifting = decompose(best.text, llm, language)
    except UnfitChain as error:
        return refused(error.message)
    exceptions = joined(rule.exceptions, lifting)
    if language == DEFAULT and (differing := disagreement((rule.rule, best.text), preconditions, lifting)):
        return refused(differing)
    if vetoed := veto(rule.rule, chain_of_conditions(preconditions, exceptions), llm):
        return refused(vetoed)
    return _signed(
        worded, made_by="llm", preconditions=preconditions, exceptions=exceptions, warnings=objective.warnings
    )


def _read(fresh: LockedRule, rule: Rule) -> LockedRule:
    parsed = parse_rule(rule.rule)
    if isinstance(parsed, Unparsed):
        return _signed(fresh, made_by="nothing", exceptions=rule.exceptions, warnings=(f"{NOT_READ}{parsed}",))
    exceptions = joined(rule.exceptions, parsed.exceptions)
    return _signed(
        fresh, made_by="grammar", preconditions=parsed.preconditions, exceptions=exceptions, warnings=parsed.warnings
    )


def _signed(entry: LockedRule, *, made_by: MadeBy, **made: object) -> LockedRule:
    """The entry with its content, and the digest by which a person's edit of that content is noticed."""
    whole = entry.model_copy(update={"made_by": made_by, **made})
    return whole.model_copy(update={"made_digest": whole.made})


def looked_at(entry: LockedRule, language: str) -> LockedRule:
    """The entry with what every chain is held to said of one that a person wrote, and of the exceptions of a rule whose
    preconditions were compiled, until somebody stands behind it.

    It is said and no more: the person may mean what a check does not know. `language`: the checks know English only.
    """
    warnings = [one for one in entry.warnings if not one.startswith((_MARK, _OURS, _BY_HAND))]
    if language == DEFAULT and entry.made_by == "person" and entry.preconditions and not entry.approved:
        found = faults(entry.objective or entry.rule, entry.preconditions, entry.exceptions)
        warnings += [f"{_MARK}{one.message}" for one in found]
    elif language == DEFAULT and entry.made_by == "written" and not entry.approved:
        found = faults_by_hand(entry.rule, entry.preconditions, entry.exceptions)
        warnings += [f"{_BY_HAND}{one.message}" for one in found]
    elif language == DEFAULT and entry.made_by in ("grammar", "llm") and entry.exceptions and not entry.approved:
        warnings += [f"{_OURS}{one.message}" for one in faults_of_statements(entry.preconditions, entry.exceptions)]
    return entry.model_copy(update={"warnings": tuple(warnings)})
