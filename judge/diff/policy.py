"""What changed between two constitutions, in words, what it can do to verdicts, and which version it asks for."""

from __future__ import annotations

from pydantic import computed_field

from judge.constitution import Constitution, Rule
from judge.diff.changes import Change, Level, Needs, RuleDiff
from judge.diff.effects import Effect, joined
from judge.diff.rules import compare_rules
from judge.judging.regions_stage import central_objects
from judge.settings import Frozen


class Named(Frozen):
    """Which constitution: name, version, digest of its meaning."""

    constitution: str
    version: str
    digest: str


class PolicyDiff(Frozen):
    """What changed, in words.

    changes: those of the constitution as a whole. rules: those of each rule, in the new file's order, removed ones
    last. effect: what all of it can do to the verdict on an image (no_violation < needs_review < violation).
    """

    old: Named
    new: Named
    changes: tuple[Change, ...]
    rules: tuple[RuleDiff, ...]
    effect: Effect

    @property
    def can_flip(self) -> bool:
        """Whether the verdict on any image can change."""
        return self.effect is not Effect.NONE

    @property
    def renamed(self) -> dict[str, str]:
        """Old id to new id of the rules renamed."""
        return {one.was: one.rule for one in self.rules if one.was is not None}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def level(self) -> Level:
        """How much of the version the gravest change asks for."""
        every = [*self.changes, *(change for rule in self.rules for change in rule.changes)]
        return max((change.level for change in every), default=Level.NONE)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def suggested_version(self) -> str:
        """The least version that says what kind of change this is."""
        return bumped(self.old.version, self.level)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def complaint(self) -> str | None:
        """Why the new version does not do, if it does not."""
        needed, given = _core(self.suggested_version), _core(self.new.version)
        if given >= needed:
            return None
        went = "went down to" if given < _core(self.old.version) else "is"
        return (
            f"the version {went} {self.new.version}, and a {self.level.name.lower()} change of {self.old.version} "
            f"asks for {self.suggested_version} or higher"
        )


def compare(old: Constitution, new: Constitution, used: frozenset[Needs] = frozenset()) -> PolicyDiff:
    """Compare two constitutions. `used`: which optional models they are judged with."""
    changes = tuple(_whole(old, new))
    rules = _rules(old, new, used)
    return PolicyDiff(
        old=_named(old),
        new=_named(new),
        changes=changes,
        rules=rules,
        effect=_on_verdicts(old, new, joined([*(one.effect for one in changes), *(r.verdict_effect for r in rules)])),
    )


def bumped(version: str, level: Level) -> str:
    """`version` raised by `level`, without pre-release."""
    if level is Level.NONE:
        return version
    major, minor, patch = _core(version)
    if level is Level.MAJOR:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if level is Level.MINOR else f"{major}.{minor}.{patch + 1}"


def _core(version: str) -> tuple[int, int, int]:
    major, minor, patch = version.split("-", 1)[0].split(".")
    return int(major), int(minor), int(patch)


def _named(one: Constitution) -> Named:
    return Named(constitution=one.constitution, version=one.version, digest=one.digest)


def _on_verdicts(old: Constitution, new: Constitution, effect: Effect) -> Effect:
    """Where no rule is enforced every image needs a review, which is no rule's doing."""
    before, after = (any(rule.status == "enforce" for rule in one.rules) for one in (old, new))
    if before and after:
        return effect
    return Effect.EITHER if before or after else Effect.NONE


def _whole(old: Constitution, new: Constitution) -> list[Change]:
    found = []
    if old.constitution != new.constitution:
        words = f"the constitution is renamed: {old.constitution} -> {new.constitution}"
        found.append(Change(words=words, effect=Effect.NONE, level=Level.MAJOR))
    if old.description != new.description:
        words = f"description: {old.description!r} -> {new.description!r}"
        found.append(Change(words=words, effect=Effect.NONE, level=Level.PATCH))
    for name in dict.fromkeys((*old.categories, *new.categories)):
        before, after = (", ".join(one.categories[name]) if name in one.categories else None for one in (old, new))
        if before != after:
            shown = ["not mapped" if keys is None else keys or "no key" for keys in (before, after)]
            words = f"category {name}: {' -> '.join(shown)}"
            found.append(Change(words=words, effect=Effect.NONE, level=Level.MINOR))
    for name in dict.fromkeys((*old.context, *new.context)):
        lengths = [one.context[name].most if name in one.context else None for one in (old, new)]
        if lengths[0] != lengths[1]:
            shown = ["not declared" if most is None else f"at most {most:,} characters" for most in lengths]
            found.append(Change(words=f"context {name}: {' -> '.join(shown)}", effect=Effect.EITHER, level=Level.MINOR))
    compared = {"constitution", "version", "description", "categories", "context", "rules"}
    for name in sorted(set(Constitution.model_fields) - compared):  # such as the language that questions are asked in
        if getattr(old, name) != getattr(new, name):
            words = f"{name}: {getattr(old, name)} -> {getattr(new, name)}"
            found.append(Change(words=words, effect=Effect.EITHER, level=Level.MINOR))
    ids = [rule.id for rule in new.rules]
    kept = [rule.id for rule in old.rules if rule.id in ids]
    if kept != [rule for rule in ids if rule in kept]:
        found.append(Change(words="the rules stand in another order", effect=Effect.NONE, level=Level.PATCH))
    return found


def _rules(old: Constitution, new: Constitution, used: frozenset[Needs]) -> tuple[RuleDiff, ...]:
    before = {rule.id: rule for rule in old.rules}
    gone = {rule.id: rule for rule in old.rules if rule.id not in {one.id for one in new.rules}}
    words = (central_objects(old), central_objects(new))
    found: list[RuleDiff | None] = []
    for rule in new.rules:
        was = before.get(rule.id) or _renamed(rule, gone)
        if was is None:
            found.append(_added(rule))
            continue
        gone.pop(was.id, None)
        found.append(compare_rules(was, rule, used, words))
    found += [_removed(rule) for rule in gone.values()]
    return tuple(one for one in found if one is not None)


def _renamed(rule: Rule, gone: dict[str, Rule]) -> Rule | None:
    return next((one for one in gone.values() if one.text == rule.text), None)


def _added(rule: Rule) -> RuleDiff:
    note = "" if rule.preconditions else "; without preconditions it sends every image to a review"
    change = Change(words=f"rule added: {rule.text!r}{note}", effect=Effect.MORE, level=Level.MINOR)
    return RuleDiff(rule=rule.id, before=None, after=rule.status, effect=Effect.MORE, changes=(change,))


def _removed(rule: Rule) -> RuleDiff:
    change = Change(words=f"rule removed: {rule.text!r}", effect=Effect.LESS, level=Level.MAJOR)
    return RuleDiff(rule=rule.id, before=rule.status, after=None, effect=Effect.LESS, changes=(change,))
