"""What changed between two versions of one rule, each change in words with what it can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import NamedTuple

from judge.chain import Alternatives, Chain, chain_of
from judge.constitution import Rule
from judge.constitution.context import IMAGE
from judge.diff.changes import Change, Level, Needs, RuleDiff, counted
from judge.diff.effects import Effect, joined, of_chains, of_thresholds
from judge.settings import ThresholdOverrides, Thresholds

CentralObjects = Mapping[str, tuple[str, ...]]
_ALIKE = 0.6  # least likeness of two texts to be called a rewording of each other
_COMPARED = {"id", "rule", "category", "severity", "status", "preconditions", "exceptions", "parameters", "thresholds"}


def compare_rules(
    old: Rule, new: Rule, used: frozenset[Needs], words: tuple[CentralObjects, CentralObjects]
) -> RuleDiff | None:
    """The changes from `old` to `new`; None where there are none. `words`: central objects, old and new."""
    edits = [*_chain_changes(old, new), *_parameters(old, new)]
    others = [*_fields(old, new), *_thresholds(old, new), *_central_objects(old, new, words), *_readings(old, new)]
    if not edits and not others:
        return None
    effect = joined([of_chains(chain_of(old), chain_of(new)), counted(others, used)])
    return RuleDiff(
        rule=new.id,
        was=old.id if old.id != new.id else None,
        before=old.status,
        after=new.status,
        effect=effect,
        changes=(*others, *edits),
    )


def _fields(old: Rule, new: Rule) -> Iterator[Change]:
    if old.id != new.id:
        yield Change(words=f"renamed from {old.id} (same text)", effect=Effect.NONE, level=Level.MAJOR)
    if old.text != new.text:
        yield Change(
            words=f"text: {old.text!r} -> {new.text!r}", effect=Effect.EITHER, level=Level.MINOR, needs=Needs.ENCODER
        )
    if old.status != new.status:  # what it does to the verdict is `RuleDiff.verdict_effect`
        yield Change(words=f"status: {old.status} -> {new.status}", effect=Effect.NONE, level=Level.MINOR)
    for name in ("severity", "category"):
        if getattr(old, name) != getattr(new, name):
            yield Change(
                words=f"{name}: {getattr(old, name)} -> {getattr(new, name)}", effect=Effect.NONE, level=Level.MINOR
            )
    for name in sorted(set(Rule.model_fields) - _COMPARED):  # a field this module does not know may mean anything
        if getattr(old, name) != getattr(new, name):
            yield Change(
                words=f"{name}: {getattr(old, name)!r} -> {getattr(new, name)!r}",
                effect=Effect.EITHER,
                level=Level.MINOR,
            )


def _parameters(old: Rule, new: Rule) -> Iterator[Change]:
    for name in dict.fromkeys((*old.parameters, *new.parameters)):
        if name not in new.parameters:
            yield Change(words=f"parameter {name} removed", effect=Effect.NONE, level=Level.PATCH)
        elif name not in old.parameters:
            yield Change(words=f"parameter {name} added: {new.parameters[name]}", effect=Effect.NONE, level=Level.PATCH)
        elif str(old.parameters[name]) != str(new.parameters[name]):  # as the texts have it
            moved = old.model_copy(update={"parameters": {**old.parameters, name: new.parameters[name]}})
            effect = of_chains(chain_of(old), chain_of(moved))
            level = Level.MINOR if effect is not Effect.NONE else Level.PATCH
            yield Change(
                words=f"parameter {name}: {old.parameters[name]} -> {new.parameters[name]}", effect=effect, level=level
            )


def _thresholds(old: Rule, new: Rule) -> Iterator[Change]:
    for name in ThresholdOverrides.model_fields:
        before, after = getattr(old.thresholds, name), getattr(new.thresholds, name)
        if before != after:
            default = "the encoder's own" if name == "relevance" else f"default {getattr(Thresholds(), name)}"
            shown = [default if value is None else str(value) for value in (before, after)]
            yield Change(
                words=f"threshold {name}: {' -> '.join(shown)}",
                effect=of_thresholds(name, old.thresholds, new.thresholds, chain_of(new)),
                level=Level.MINOR,
                needs=Needs.ENCODER if name == "relevance" else Needs.NOTHING,
            )


def _central_objects(old: Rule, new: Rule, words: tuple[CentralObjects, CentralObjects]) -> Iterator[Change]:
    """A statement's words are gathered over all rules, so another rule's change can be this one's, too."""
    kept = set(chain_of(old).statements)
    for text in chain_of(new).statements:
        before, after = words[0].get(text, ()), words[1].get(text, ())
        if text in kept and set(before) != set(after):
            yield Change(
                words=f"central objects of '{text}' (over all rules): {', '.join(before)} -> {', '.join(after)}",
                effect=Effect.EITHER,
                level=Level.MINOR,
                needs=Needs.DETECTOR,
            )


def _readings(old: Rule, new: Rule) -> Iterator[Change]:
    """What kept statements look at: the same words about something else may come out in any way."""
    before, after = old.readings, new.readings
    for text in chain_of(new).statements:
        if text in before and before[text] != after[text]:
            yield Change(
                words=f"'{text}': {before[text] or IMAGE} -> {after[text] or IMAGE}",
                effect=Effect.EITHER,
                level=Level.MINOR,
            )


class _Group(NamedTuple):
    """A precondition or exception: as written, and with parameters put in."""

    written: Alternatives
    filled: Alternatives


class _Part(NamedTuple):
    """The preconditions or the exceptions of a rule, and its whole chain."""

    name: str
    chain: Chain
    groups: list[_Group]

    def replaced(self, index: int | None, by: Alternatives | None) -> Chain:
        """The chain with one group replaced; `index` None adds one, `by` None removes it."""
        filled = [group.filled for group in self.groups]
        if index is None:
            filled.append(by or ())
        else:
            filled[index : index + 1] = [by] if by is not None else []
        if self.name == "precondition":
            return Chain(tuple(filled), self.chain.exceptions)
        return Chain(self.chain.preconditions, tuple(filled))


def _chain_changes(old: Rule, new: Rule) -> Iterator[Change]:
    if bool(old.preconditions) != bool(new.preconditions):  # one of the two was never compiled: that is all there is
        has, lacks = ("before", "now") if old.preconditions else ("now", "before")
        yield Change(
            words=f"a chain {has} and none {lacks}: without one every image goes to a person",
            effect=Effect.EITHER,
            level=Level.MINOR,
        )
        return
    for name in ("precondition", "exception"):
        yield from _part_changes(_part(name, old), _part(name, new))


def _part(name: str, rule: Rule) -> _Part:
    conditions = rule.preconditions if name == "precondition" else rule.exceptions
    filled = chain_of(rule).preconditions if name == "precondition" else chain_of(rule).exceptions
    written = [tuple(one.statement for one in condition.any) for condition in conditions]
    return _Part(name, chain_of(rule), [_Group(*both) for both in zip(written, filled, strict=True)])


def _part_changes(old: _Part, new: _Part) -> Iterator[Change]:
    left, right = list(range(len(old.groups))), list(range(len(new.groups)))

    def matched(alike: float, score: str) -> Iterator[tuple[int, int]]:
        """Takes pairs out of what is left, the likest first."""
        while True:
            scored = [(_likeness(old.groups[a], new.groups[b])[score], -a, -b) for a in left for b in right]
            best = max(scored, default=(0.0, 0, 0))
            if best[0] < alike or best[0] == 0:
                return
            left.remove(-best[1])
            right.remove(-best[2])
            yield -best[1], -best[2]

    same = [*matched(1.0, "same")]  # or differing in a parameter alone, which is told as the parameter's change
    for before, after in matched(0.0, "shared"):
        yield from _alternatives(old, before, new.groups[after].filled)
    for before, after in matched(_ALIKE, "text"):
        was, now = old.groups[before].filled, new.groups[after].filled
        yield _edit(old, f"{old.name} reworded: {_told(was)} -> {_told(now)}", old.replaced(before, now))
    for index in left:
        yield _edit(old, f"{old.name} removed: {_told(old.groups[index].filled)}", old.replaced(index, None))
    for index in right:
        group = new.groups[index].filled
        yield _edit(old, f"{old.name} added: {_told(group)}", old.replaced(None, group))
    by_old = sorted(same)
    moved = [after for _, after in by_old] != sorted(after for _, after in by_old)
    inside = any(
        old.groups[a].filled != new.groups[b].filled and set(old.groups[a].filled) == set(new.groups[b].filled)
        for a, b in same
    )
    if moved or inside:
        yield Change(words=f"{old.name}s in another order (cost only)", effect=Effect.NONE, level=Level.PATCH)


def _alternatives(old: _Part, index: int, now: Alternatives) -> Iterator[Change]:
    was = old.groups[index].filled
    where = f"in the {old.name} {_told(was)}"
    for text in now:
        if text not in was:
            yield _edit(old, f"alternative added {where}: '{text}'", old.replaced(index, (*was, text)))
    for text in was:
        if text not in now:
            rest = tuple(one for one in was if one != text)
            yield _edit(old, f"alternative removed {where}: '{text}'", old.replaced(index, rest))


def _edit(old: _Part, words: str, chain: Chain) -> Change:
    effect = of_chains(old.chain, chain)
    return Change(words=words, effect=effect, level=Level.MINOR if effect is not Effect.NONE else Level.PATCH)


def _likeness(old: _Group, new: _Group) -> dict[str, float]:
    same = sorted(old.filled) == sorted(new.filled) or sorted(old.written) == sorted(new.written)
    return {
        "same": float(same),
        "shared": float(len(set(old.filled) & set(new.filled))),
        "text": SequenceMatcher(None, " or ".join(old.filled), " or ".join(new.filled)).ratio(),
    }


def _told(group: Alternatives) -> str:
    return " or ".join(f"'{text}'" for text in group)
