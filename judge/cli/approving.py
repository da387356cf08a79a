"""`judge compile --interactive`: each chain that nobody stands behind is said back, and a person says yes, no or edits.

Then each rule that the grammar does not read: the person picks what it means, or writes it.

Every answer is written before the next question, so that nothing is lost when somebody stops in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from judge.constitution.load import read_text
from judge.errors import UserError
from judge.languages import DEFAULT
from judge.printable import printable, printable_lines

if TYPE_CHECKING:
    from judge.compiler.files import Compiled
    from judge.compiler.way_out import WayOut
    from judge.constitution import Rule
    from judge.locks.lockfile import Lock, LockedRule

Answer = Literal["yes", "no", "edit", "skip", "quit"]
_ANSWERS: dict[str, Answer] = {"y": "yes", "n": "no", "e": "edit", "s": "skip", "q": "quit"}
_LONGEST_NAME = 100
_ABOVE = """\
# {rule}
# Every item of `preconditions` must hold; of `any`, one is enough. One of `exceptions` is enough to lift the rule.
# Save and close to go on. An empty file leaves the chain as it is.
"""


def approve(compiled: Compiled, write: Callable[[Lock], None]) -> bool:
    """Ask about every chain without an approval, and every rule that is not read; whether anything was answered.

    `write` is called with the lock after each answer.

    Raises:
        UserError: no editor could be opened.
    """
    from judge.locks import approval

    lock = compiled.lock

    def keep(name: str, entry: LockedRule) -> None:
        nonlocal lock
        if entry != lock.rules[name]:
            lock = lock.model_copy(update={"rules": {**lock.rules, name: entry}})
            write(lock)

    waiting = approval.standing(compiled.constitution, lock, str(compiled.path))
    rules = [one for one in compiled.constitution.rules if one.id in waiting.unapproved]
    asked = [one for one in rules if lock.rules[one.id].preconditions]
    outs = compiled.ways_out
    asked += [one for one in rules if one.id in outs]
    if not asked:
        _say("nothing to approve: every rule with a chain is approved")
        return False
    try:
        by = _name()
        for place, rule in enumerate(asked, 1):
            where, language = f"{place} of {len(asked)}", compiled.constitution.language
            out, entry = outs.get(rule.id), lock.rules[rule.id]
            given = _answered(rule, entry, by, where, language) if out is None else _chosen(rule, entry, out, by, where)
            for changed in given:
                keep(rule.id, changed)
    except (typer.Abort, KeyboardInterrupt):
        _say("\nstopped; what was answered is kept")
    return lock is not compiled.lock


def _answered(rule: Rule, entry: LockedRule, by: str, place: str, language: str) -> Iterator[LockedRule]:
    """What becomes of one entry, after each answer about it.

    Raises:
        typer.Abort: the person wants to stop.
    """
    from judge.locks import approval

    while True:
        _say_back(rule, entry, place, language)
        answer = _answer()
        if answer == "quit":
            raise typer.Abort
        if answer == "yes":
            yield approval.approved(entry, by)
        elif answer != "skip" and rule.preconditions:  # written in the constitution: the lock only repeats it
            _say(f"its chain is written in the constitution: change `preconditions` of {rule.id} there")
        elif answer == "no":
            yield approval.refused(entry, by)
        elif answer == "edit":
            entry = _edited(rule, entry)
            yield entry
            continue
        return


def _chosen(rule: Rule, entry: LockedRule, out: WayOut, by: str, place: str) -> Iterator[LockedRule]:
    """What becomes of the entry of a rule that is not read: the chain that the person picks or writes is theirs.

    Raises:
        typer.Abort: the person wants to stop.
    """
    from judge.cli.choosing import picked
    from judge.compiler.way_out import to_fill_in
    from judge.locks import approval

    answer = picked(rule, out, place)
    if answer == "quit":
        raise typer.Abort
    if answer == "edit":
        written = _edited(rule, entry, to_fill_in(rule))
        if written != entry:
            yield written
            yield from _answered(rule, written, by, place, DEFAULT)
    elif answer != "skip":
        offer = out.offers[answer - 1]
        yield approval.approved(approval.edited(entry, offer.preconditions, offer.exceptions), by)


def _say_back(rule: Rule, entry: LockedRule, place: str, language: str) -> None:
    from judge.chain import chain_of_conditions
    from judge.compiler.compile import looked_at
    from judge.locks.said import in_words

    _say(f"\n{rule.id} ({place}): {rule.text}")
    for said in in_words(chain_of_conditions(entry.preconditions, entry.exceptions, rule.fill)):
        _say(f"  {said}")
    for warning in looked_at(entry, language).warnings:
        _say(f"  warning: {warning}")


def _answer() -> Answer:
    while True:
        given = str(typer.prompt("Is this what the rule means? yes, no, edit, skip, quit", err=True)).strip().casefold()
        if given[:1] in _ANSWERS and _ANSWERS[given[:1]].startswith(given):
            return _ANSWERS[given[:1]]
        _say("yes: approve it. no: take the chain out, so that every picture goes to a person. edit: change it.")


def _name() -> str:
    """Who approves: the name on this machine is proposed."""
    import getpass

    from judge.locks.lockfile import is_a_name

    try:
        proposed = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as containers have
        proposed = ""
    while True:
        name = " ".join(str(typer.prompt("Your name, for approved_by", default=proposed or None, err=True)).split())
        if len(name) <= _LONGEST_NAME and name.isprintable() and is_a_name(name):
            return name
        _say(f"a name has 1 to {_LONGEST_NAME} characters, and a letter or a digit among them")


def _edited(rule: Rule, entry: LockedRule, text: str = "") -> LockedRule:
    """The entry as the person leaves it in an editor, which shows its chain, or `text`; asked again until it can be
    read, or is left alone."""
    from judge.locks import approval
    from judge.locks.text import chain_text, read_chain

    text = text or _ABOVE.format(rule=printable(rule.rule)) + chain_text(entry.preconditions, entry.exceptions)
    while True:
        written = _in_editor(text)
        if not written.strip():
            return entry
        try:
            return approval.edited(entry, *read_chain(written, rule))
        except UserError as error:
            _say(str(error))
            if not typer.confirm("Open the editor again?", default=True, err=True):
                return entry
            text = written


def _in_editor(text: str) -> str:
    """The text as it was saved."""
    import os
    import shlex
    import subprocess
    import tempfile

    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*editor, str(path)], check=True)  # noqa: S603  the person's own editor
        except (OSError, subprocess.CalledProcessError) as error:
            hint = "name one in the variable EDITOR, or edit the lock file"
            raise UserError(f"the editor `{' '.join(editor)}` did not work ({error})", hint=hint) from error
        return read_text(path)


def _say(text: str) -> None:
    typer.echo(printable_lines(text), err=True)
