"""Finds a constitution's translations: `NAME-CODE.yaml` beside `NAME.yaml`. Asks no model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from judge.constitution import Constitution
from judge.errors import UserError
from judge.languages import available
from judge.locks.loading import Policy, load_policy

# How much of what models are trained on is in a language, after MultiJail (arXiv 2310.06474): its high ones are zh, it
# and vi, its middle ones ar, ko and th, its low ones bn, sw and jv. By the same measure de, en, es and fr are high.
TIERS = {"de": "high", "en": "high", "es": "high", "fr": "high", "zh": "high", "ar": "middle", "sw": "low"}


def translations(policy: Policy, codes: Sequence[str]) -> dict[str, Policy]:
    """The constitution in each of these languages, with the lock beside it.

    Raises:
        UserError: there is no such file, it says that it is in another language, a rule of it is none of the
            constitution's, or has a chain of another shape, or it declares another context.
        ConstitutionError: mistakes in it.
    """
    found = {}
    for code in dict.fromkeys(codes):
        path = policy.path.with_name(f"{policy.path.stem}-{code}.yaml")
        if not path.is_file():
            raise UserError(f"no translation at {path}", hint=f"prompts there are in: {', '.join(available())}")
        found[code] = load_policy(path)
        _check(found[code].constitution, policy.constitution, code, path)
    return found


def tier_of(code: str) -> str:
    """`high`, `middle` or `low`; `unknown` for a language that the list does not have."""
    return TIERS.get(code.split("-")[0], "unknown")


def _check(theirs: Constitution, ours: Constitution, code: str, path: Path) -> None:
    if theirs.language != code:
        raise UserError(f"{path} says `language: {theirs.language}`, and its name says {code}")
    if theirs.context != ours.context:
        raise UserError(f"{path}: its `context` is another than that of {ours.constitution}", hint="declare the same")
    rules = {rule.id: rule for rule in ours.rules}
    for rule in theirs.rules:
        twin = rules.get(rule.id)
        if twin is None:
            raise UserError(f"{path}: the rule `{rule.id}` is none of {ours.constitution}")
        shapes = [[len(condition.any) for condition in (*one.preconditions, *one.exceptions)] for one in (rule, twin)]
        if shapes[0] != shapes[1]:
            raise UserError(f"{path}: the chain of `{rule.id}` has another shape than in {ours.constitution}")
