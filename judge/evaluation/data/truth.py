"""One row of a data set (plain values) to the truth about an image, or every mistake in it. Opens no file.

What is known of an image is only what the row says: nothing is guessed from other columns, such as `label`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from judge.chain import Outcome, chain_of, resolve
from judge.constitution import Constitution
from judge.constitution.document import clipped
from judge.constitution.told import checked_context
from judge.errors import UserError
from judge.evaluation.protocols import Example

Said = tuple[str, str]  # what is wrong, and how to mend it
COLUMNS = ("unsafe", "violates", "ok", "holds", "fails", "about", "side", "tags")
TAKEN = dict.fromkeys(COLUMNS, "what is true of each image")  # what such a column means, whatever fields are called
_SIDES = ("violating", "borderline")


class Names:
    """The rules and statements that a row may name, and the fields that it may tell."""

    def __init__(self, constitution: Constitution) -> None:
        self.called, self.constitution = constitution.constitution, constitution
        self.chains = {rule.id: chain_of(rule) for rule in constitution.rules}
        self.rules = tuple(self.chains)
        self.statements = tuple(dict.fromkeys(text for one in self.chains.values() for text in one.statements))


def example_of(
    row: Mapping[str, Any], id_: str, path: str, context: Mapping[str, Any], names: Names
) -> tuple[Example | None, list[Said]]:
    """The example that a row describes, and what is wrong with the row. Absent, None and "" are the same.

    context: what the row tells beside the image; there, "" is a text.
    """
    given = {key: value for key, value in row.items() if key in COLUMNS and value is not None and value != ""}
    wrong: list[Said] = []
    lists = {key: _words(given, key, wrong) for key in ("violates", "ok", "holds", "fails")}
    for key in ("violates", "ok"):
        wrong += _unknown(key, lists[key], names.rules, f"no rule of {names.called}")
    for key in ("holds", "fails"):
        wrong += _unknown(key, lists[key], names.statements, f"no statement of {names.called}")
    for yes, no in (("violates", "ok"), ("holds", "fails")):
        for both in [one for one in lists[yes] if one in lists[no]]:
            wrong.append((f"'{clipped(both)}' stands under both `{yes}` and `{no}`", "it can be only one of them"))
    rules = {rule: rule in lists["violates"] for rule in (*lists["violates"], *lists["ok"])}
    statements = {text: text in lists["holds"] for text in (*lists["holds"], *lists["fails"])}
    about, side = given.get("about"), given.get("side")
    if about is not None:
        wrong += _unknown("about", [about], names.rules, f"no rule of {names.called}")
    if side is not None and side not in _SIDES:
        wrong.append((f"`side` cannot be {clipped(repr(side))}", f"one of {', '.join(_SIDES)}"))
    tags = _tags(given, wrong)
    unsafe = _unsafe(given, lists, names, wrong)
    wrong += _contradictions(rules, statements, names)
    told = _told(context, names, wrong)
    if wrong or unsafe is None:
        return None, wrong
    return Example(
        id=id_,
        path=path,
        unsafe=unsafe,
        rules=rules,
        statements=statements,
        about=about,
        side=side,
        tags=tags,
        context=told,
    ), []


def _words(given: Mapping[str, Any], key: str, wrong: list[Said]) -> list[str]:
    value = given.get(key, [])
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return list(dict.fromkeys(value))
    wrong.append((f"`{key}` must be a list of texts, not {clipped(repr(value))}", 'such as ["a", "b"]'))
    return []


def _unknown(key: str, words: Iterable[Any], known: tuple[str, ...], what: str) -> Iterator[Said]:
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(str(word), known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known[:12])}"
            yield f"`{key}`: {what} is called '{clipped(word)}'", hint


def _tags(given: Mapping[str, Any], wrong: list[Said]) -> dict[str, str]:
    tags = given.get("tags", {})
    if not isinstance(tags, Mapping):
        wrong.append((f"`tags` must be a mapping, not {clipped(repr(tags))}", 'such as {"context": "with"}'))
        return {}
    present = {key: value for key, value in tags.items() if value is not None}  # parquet fills absent keys with None
    if not all(isinstance(one, str) for one in (*present, *present.values())):
        wrong.append((f"`tags` must map texts to texts: {clipped(repr(present))}", 'such as {"context": "with"}'))
        return {}
    return present


def _told(context: Mapping[str, Any], names: Names, wrong: list[Said]) -> dict[str, str]:
    """Field by field, so that every mistake is told."""
    for field, text in context.items():
        try:
            checked_context(names.constitution, {field: text})
        except UserError as error:
            wrong.append((error.message, error.hint))
    return dict(context)


def _unsafe(given: Mapping[str, Any], lists: Mapping[str, list[str]], names: Names, wrong: list[Said]) -> bool | None:
    """What the row says, or what follows from the truth about every rule."""
    said = given.get("unsafe")
    all_ok = set(names.rules) <= set(lists["ok"])
    if said is None:
        if lists["violates"]:
            return True
        if all_ok:
            return False
        open_ = [rule for rule in names.rules if rule not in lists["ok"]]
        wrong.append(
            (
                "whether the image is unsafe is not said, and `violates` and `ok` do not tell",
                f"give `unsafe`, or say what these come to: {clipped(', '.join(open_))}",
            )
        )
        return None
    if not isinstance(said, bool):
        wrong.append(
            (f"`unsafe` must be true or false, not {clipped(repr(said))}", "labels of other kinds are not read")
        )
        return None
    if not said and lists["violates"]:
        wrong.append((f"`unsafe` is false, yet it violates {lists['violates'][0]}", "it can be only one of them"))
    if said and all_ok:
        wrong.append(("`unsafe` is true, yet every rule is `ok`", "it can be only one of them"))
    return said


def _contradictions(rules: Mapping[str, bool], statements: Mapping[str, bool], names: Names) -> Iterator[Said]:
    """Rules whose truth is not what the truth about their statements makes of them."""
    outcomes = {text: Outcome.HOLDS if holds else Outcome.FAILS for text, holds in statements.items()}
    for rule, violated in rules.items():
        if rule in names.chains:
            follows = resolve(names.chains[rule], outcomes)
            if follows.known and (follows is Outcome.HOLDS) is not violated:
                word, other = ("violated", "is not") if violated else ("not violated", "is")
                yield f"{rule} is said to be {word}, and by its statements it {other}", "mend the one that is wrong"
