"""`compile_file`: F.yaml to F.lock.yaml, from reading both to writing the new one.

1. read the constitution and the lock there is; 2. compile the rules that need it (`judge.compiler`); 3. ask the
judging model for the language prior of every statement; 4. write the lock whole, if it differs from the one there is.
Anything that fails leaves the previous lock as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from judge.chain import chain_of
from judge.compiler.compile import compile_constitution, looked_at
from judge.compiler.objectify import ROUNDS
from judge.compiler.way_out import WayOut, way_out
from judge.constitution import Constitution, load_constitution
from judge.constitution.load import locate, read_text
from judge.errors import UserError
from judge.files import write_whole
from judge.languages import DEFAULT
from judge.locks.approval import Standing, overruled, standing
from judge.locks.chains import with_chains
from judge.locks.lockfile import Lock, PriorsOf, Staleness, compare, lock_path, read_lock
from judge.locks.priors import priors_in, prompt_digest, statements_of, with_priors, without_priors
from judge.locks.said import in_words
from judge.locks.text import said_otherwise, written
from judge.settings import Thresholds

if TYPE_CHECKING:
    from judge.compiler.asking import Llm
    from judge.ports import Mllm


@dataclass(frozen=True)
class Compiled:
    """What came of compiling one file.

    altered: ids of rules that have another chain than before. overruled: of those whose chain somebody edited in the
    lock, though it is written in the constitution itself, which wins.
    """

    path: Path
    constitution: Constitution
    lock: Lock
    before: Staleness
    changed: bool
    altered: tuple[str, ...]
    overruled: tuple[str, ...]

    @property
    def said_back(self) -> dict[str, tuple[str, ...]]:
        """Every rule's chain in plain words, with its smallest pictures, by rule id."""
        rules = with_chains(self.constitution, self.lock, str(self.path)).rules
        return {rule.id: in_words(chain_of(rule)) for rule in rules}

    @cached_property
    def ways_out(self) -> dict[str, WayOut]:
        """By rule id, what to do about each rule that the grammar does not read."""
        if self.constitution.language != DEFAULT:
            return {}
        unread = (rule for rule in self.constitution.rules if not self.lock.rules[rule.id].preconditions)
        found = {rule.id: way_out(rule) for rule in unread}
        return {name: one for name, one in found.items() if one is not None}

    @property
    def unread(self) -> tuple[str, ...]:
        """Ids of rules without a chain."""
        return tuple(name for name, rule in self.lock.rules.items() if not rule.preconditions)


@dataclass(frozen=True)
class Checked:
    """How a lock stands to its constitution: what keeps it from being used, and what waits for a person."""

    path: Path
    staleness: Staleness
    standing: Standing


def check_file(source: str | Path) -> Checked:
    """How the lock beside a constitution stands to it. Loads no model.

    Raises:
        UserError, ConstitutionError: what is wrong with either file.
    """
    constitution, path = load_constitution(source), lock_path(locate(source))
    found = read_lock(path)
    lock = found if found is not None else _empty(constitution)
    stands = standing(constitution, _looked_at(constitution, lock), str(path))
    if found is not None:
        stands = stands.model_copy(update={"said_otherwise": said_otherwise(read_text(path), found)})
    return Checked(path, compare(constitution, lock), stands)


def compile_file(
    source: str | Path,
    llm: Llm | None,
    mllm: Mllm | None,
    *,
    renew: bool = False,
    rounds: int = ROUNDS,
    thresholds: Thresholds | None = None,
) -> Compiled:
    """Compile one constitution. `llm` None: the rule grammar. `mllm` None: no priors.

    Raises:
        UserError, ConstitutionError: what is wrong with either file, or the lock cannot be written.
        CompileError: the LLM failed, or answered nonsense, with the rules it did so on.
        ModelError: the model whose priors are wanted failed.
    """
    constitution, path = load_constitution(source), lock_path(locate(source))
    if constitution.language != DEFAULT and llm is None and constitution.without_chain:
        raise UserError(
            f"{source}: the rule grammar reads English, and this constitution is in '{constitution.language}'",
            hint="write the preconditions by hand, or name a model with --llm",
        )
    found = read_lock(path)
    previous = _trusted(found) if found is not None else None
    lock = compile_constitution(constitution, llm, previous, renew=renew, rounds=rounds)
    lock = _primed(lock, with_chains(constitution, lock, str(path)), mllm, thresholds or Thresholds()).signed()
    changed = found is None or written(lock, locate(source).name) != read_text(
        path
    )  # its comments say the chains back, and are made anew, too
    if changed:
        write_lock(source, lock)
    before = compare(constitution, found if found is not None else _empty(constitution))
    return Compiled(path, constitution, lock, before, changed, _altered(found, lock), overruled(constitution, found))


def write_lock(source: str | Path, lock: Lock) -> None:
    """Write the lock of a constitution whole.

    Raises:
        UserError: it cannot be written.
    """
    path = lock_path(locate(source))
    try:
        write_whole(path, written(lock.signed(), locate(source).name))
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error


def _looked_at(constitution: Constitution, lock: Lock) -> Lock:
    """The lock with what is to be said of chains written by hand now, though nobody compiled them since."""
    written_ones = {name: entry for name, entry in lock.rules.items() if entry.made_by == "written"}
    rules = {name: looked_at(entry, constitution.language) for name, entry in written_ones.items()}
    return lock.model_copy(update={"rules": {**lock.rules, **rules}})


def _altered(found: Lock | None, lock: Lock) -> tuple[str, ...]:
    before = {name: entry.content for name, entry in found.rules.items()} if found is not None else {}
    return tuple(name for name, entry in lock.rules.items() if entry.content != before.get(name))


def _trusted(lock: Lock) -> Lock:
    """The lock without numbers that are not as they were written."""
    if not lock.distrusted:
        return lock
    rules = {name: entry.model_copy(update={"calibration": None}) for name, entry in lock.rules.items()}
    return without_priors(lock.model_copy(update={"rules": rules, "calibration": None}))


def _primed(lock: Lock, constitution: Constitution, mllm: Mllm | None, thresholds: Thresholds) -> Lock:
    if mllm is None:
        return without_priors(lock)
    from judge.judging.priors import Priors

    priors = Priors(mllm, constitution.asked_in, given=priors_in(lock, mllm.identity, constitution))
    statements = [text for texts in statements_of(constitution).values() for text in texts]
    of = PriorsOf(model=mllm.identity, prompt=prompt_digest(constitution))
    return with_priors(lock, constitution, priors.of(statements), of, thresholds)


def _empty(constitution: Constitution) -> Lock:
    return Lock(
        constitution=constitution.constitution, version=constitution.version, constitution_digest="", compiler=""
    ).signed()
