"""The lock file: what the compiler made of each rule, readable, edited and approved by people.

An entry belongs to its rule by the digest of what the rule says (`source_digest`); once the rule says something
else the entry is stale and nobody uses it. Knows files and constitutions; makes no chain.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from judge.constitution import Constitution, Precondition, Rule
from judge.constitution.document import MAX_BYTES, clipped, read_document
from judge.constitution.schema import Identifier, Sentence
from judge.errors import ConstitutionError, Problem, UserError
from judge.files import read_text
from judge.settings import Bounds, Frozen, Share
from judge.verdict import ModelIdentity

COMPILER = "14"  # raise it when equal input gives other chains
_SEEN_AS_BLANK = "\u115f\u1160\u3164\uffa0"  # letters by their class, of no shape
MadeBy = Literal["written", "grammar", "llm", "person", "nothing"]


def _unset(value: object) -> bool:
    """Left out where unset: a lock that was never calibrated keeps its digest."""
    return value is None


class Prior(Frozen):
    """What a model answers to a statement without an image: probability of yes and of no."""

    p_yes: Share
    p_no: Share


class RuleCalibration(Frozen):
    """Bounds that `judge calibrate` chose for one rule.

    ok, violating: images by which side of the rule they were counted for. made_under: digest of all that the scores
    of this rule depend on beside models and prompts; where it differs the bounds are not used.
    """

    bounds: Bounds
    ok: int = Field(ge=0)
    violating: int = Field(ge=0)
    made_under: str


class Calibration(Frozen):
    """What the bounds of all rules were made for, from and with. There is no date: the same inputs give the same file.

    level: the rate that is kept. labelled: whether people said what the images show. dataset_digest: of its images and
    truths. half_width: of the band around every cut, in log odds, where the target is the review budget.
    """

    method: Literal["conformal risk control"] = "conformal risk control"
    target: Literal["false_positive_rate", "review_budget"]
    level: float = Field(gt=0.0, lt=1.0)
    labelled: bool
    dataset: str
    dataset_digest: str
    images: int
    half_width: float | None = None
    models: tuple[ModelIdentity, ...]
    prompts: dict[str, str]


class LockedRule(Frozen):
    """What was made of one rule. objective: a wording by the LLM, where it wrote one.

    rule_digest: of what the rule said. made_with: digest of how its chain was made (compiler, prompts, LLM).
    made_digest: of what the compiler wrote and the rule that it wrote it for, so that a person's edit is known from it.
    approved_digest: of the chain that was approved, its rule and the name of whoever did, from the first compiling
    after the approval on: it does not speak for what is edited later, nor for another rule or anybody else. id: of the
    rule; a file has it as the key of the entry.
    """

    id: str = Field(exclude=True)
    rule: Sentence
    made_by: MadeBy
    objective: Sentence | None = None
    score: int | None = Field(default=None, ge=1, le=10)
    explanation: str = ""
    preconditions: tuple[Precondition, ...] = ()
    exceptions: tuple[Precondition, ...] = ()
    warnings: tuple[str, ...] = ()
    approved_by: str | None = None
    approved_digest: str | None = Field(default=None, exclude_if=_unset)
    priors: dict[str, Prior] = Field(default_factory=dict)
    calibration: RuleCalibration | None = Field(default=None, exclude_if=_unset)
    rule_digest: str
    made_with: str
    made_digest: str = ""

    @field_validator("approved_by")
    @classmethod
    def _by_somebody(cls, name: str | None) -> str | None:
        return name if name is not None and is_a_name(name) else None

    def is_of(self, rule: Rule) -> bool:
        """Whether the rule still says what the entry was made of, and the entry what the rule says: whoever reviews
        the lock file reads the rule there."""
        return self.rule_digest == source_digest(rule) and self.rule == rule.rule

    @property
    def content(self) -> str:
        """Digest of what a person may edit."""
        return digest_of([self.objective, *_dumped(self.preconditions), "unless", *_dumped(self.exceptions)])

    @property
    def made(self) -> str:
        """Digest of the rule, of its chain and of all that is told about how that was made."""
        told = [self.made_by, self.made_with, self.score, self.explanation]
        return digest_of([self.id, self.rule_digest, self.content, *told])

    @property
    def approval(self) -> str:
        """Digest of the rule, of its chain and of the name beside it."""
        return digest_of([self.id, self.rule_digest, self.content, "approved by", self.approved_by])

    @property
    def edited(self) -> bool:
        """Whether a person has changed the chain, or what is told of it, since it was compiled for this rule."""
        return self.made_digest != self.made

    @property
    def approved(self) -> bool:
        """Whether the named person stands behind the chain as it is. A name by itself may be of any chain: it counts
        from the next compiling on, which takes it for an approval of the chain that it stands beside."""
        return self.approved_by is not None and self.approved_digest == self.approval

    @property
    def kept(self) -> bool:
        """Whether a person has taken it over, by approving or by editing it."""
        return self.approved_by is not None or self.made_by == "person" or self.edited


class PriorsOf(Frozen):
    """Which model the priors are of, and the digest of the prompt that it was asked under."""

    model: ModelIdentity
    prompt: str


class Lock(Frozen):
    """A whole lock file.

    measured_digest: of the priors and the calibration, as it stood in the file; None where there was none.
    """

    lock: Literal[1] = 1
    constitution: Identifier
    version: str
    constitution_digest: str
    compiler: str
    prompts: dict[str, str] = Field(default_factory=dict)
    llm: ModelIdentity | None = None
    priors_of: PriorsOf | None = None
    calibration: Calibration | None = Field(default=None, exclude_if=_unset)
    measured_digest: str | None = Field(default=None, exclude=True)
    rules: dict[Identifier, LockedRule] = Field(default_factory=dict)

    @field_validator("rules", mode="before")
    @classmethod
    def _named(cls, rules: object) -> object:
        """An entry that is read knows its rule by the key that it stands under, and by nothing else."""
        if not isinstance(rules, dict):
            return rules
        for name, entry in rules.items():
            if isinstance(entry, dict) and "id" in entry:
                raise ValueError(f"{clipped(name)}: `id` is no field: a rule's id is the key of its entry")
        return {name: {**entry, "id": str(name)} if isinstance(entry, dict) else entry for name, entry in rules.items()}

    @property
    def digest(self) -> str:
        """SHA-256 of the meaning of the file: comments and layout do not count."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def distrusted(self) -> str:
        """Why the priors and the calibration are not to be used, in words; empty where they are as they were written.

        People may edit chains, but a number that no model measured would move verdicts without anybody seeing why.
        """
        if self.measured_digest is None:
            return "made by an older version of judge, which did not sign priors and calibration"
        return "" if self.measured_digest == self._measured() else "its priors or its calibration were edited by hand"

    def signed(self) -> Lock:
        """The lock with the digest of its priors and calibration."""
        return self.model_copy(update={"measured_digest": self._measured()})

    def _measured(self) -> str:
        whole = {"priors_of", "calibration"}
        by_rule = {
            name: one.model_dump(mode="json", include={"priors", "calibration"}) for name, one in self.rules.items()
        }
        return digest_of([self.model_dump(mode="json", include=whole), by_rule])


class Staleness(Frozen):
    """How a lock differs from its constitution: ids of rules changed, added and removed since.

    misquoted: of the stale ones, those whose text was changed in the lock and not in the constitution. distrusted: why
    its priors and its calibration are not to be used; empty where they are.
    """

    stale: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    misquoted: tuple[str, ...] = ()
    distrusted: str = ""

    @property
    def fresh(self) -> bool:
        return not (self.stale or self.added or self.removed or self.distrusted)

    @property
    def in_words(self) -> str:
        """All of it on one line."""
        kinds = {"stale": self.stale, "added": self.added, "removed": self.removed}
        said = [f"{kind} {', '.join(rules)}" for kind, rules in kinds.items() if rules]
        if self.misquoted:
            said.append(f"another text in the lock file than in the constitution: {', '.join(self.misquoted)}")
        return "; ".join([*said, *filter(None, [self.distrusted])]) or "fresh"


def is_a_name(text: str) -> bool:
    """Whether somebody can be known by it: a letter or a digit that can be seen stands in it."""
    return any(one.isalnum() and one not in _SEEN_AS_BLANK for one in text)


def digest_of(said: list[Any]) -> str:
    """A short SHA-256 (64 bits), enough to notice a change."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def source_digest(rule: Rule) -> str:
    """Digest of all that a chain is made of. A parameter's value is not: moving a number keeps the chain."""
    written = [*_dumped(rule.preconditions), "unless", *_dumped(rule.exceptions)]
    return digest_of([rule.rule, sorted(rule.parameters), written])


def _dumped(conditions: tuple[Precondition, ...]) -> list[Any]:
    return [one.model_dump(mode="json") for one in conditions]


def lock_path(constitution: Path) -> Path:
    """`house-rules.yaml` to `house-rules.lock.yaml`."""
    return constitution.with_name(f"{constitution.stem}.lock{constitution.suffix}")


def compare(constitution: Constitution, lock: Lock) -> Staleness:
    """Which entries the constitution has outgrown."""
    rules = {rule.id: rule for rule in constitution.rules}
    both = [name for name in rules if name in lock.rules]
    return Staleness(
        stale=tuple(name for name in both if _outgrown(lock, lock.rules[name], rules[name])),
        added=tuple(name for name in rules if name not in lock.rules),
        removed=tuple(name for name in lock.rules if name not in rules),
        misquoted=tuple(
            name
            for name in both
            if lock.rules[name].rule_digest == source_digest(rules[name]) and not lock.rules[name].is_of(rules[name])
        ),
        distrusted=lock.distrusted,
    )


def _outgrown(lock: Lock, entry: LockedRule, rule: Rule) -> bool:
    """Whether the rule says something else now, or an older grammar read it: a newer one may have learned better."""
    older = entry.made_by == "grammar" and not entry.kept and lock.compiler != COMPILER
    return older or not entry.is_of(rule)


def read_lock(path: Path) -> Lock | None:
    """The lock file at `path`; None where there is none.

    Raises:
        UserError: it cannot be read, or was written by another version of the compiler.
        ConstitutionError: mistakes in it, with file:line.
    """
    try:
        text = read_text(path, MAX_BYTES)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: the lock file cannot be read ({why})", hint="remove it and compile again") from error
    document = read_document(text, str(path))
    problems = list(document.problems)
    try:
        lock = Lock.model_validate(document.data)
    except ValidationError as error:
        again = "mend it, or delete the file and compile again"
        problems += [_problem(document, one, again) for one in error.errors(include_url=False)]
    if problems:
        raise ConstitutionError(tuple(problems))
    return lock


def _problem(document: Any, error: Any, hint: str) -> Problem:
    where = ".".join(str(part) for part in error["loc"]) or "the file"
    problem: Problem = document.problem(tuple(error["loc"]), f"{clipped(where)}: {error['msg']}", hint)
    return problem
