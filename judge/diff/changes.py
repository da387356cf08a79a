"""One change of a constitution as a record: what, in words, and what it can do. Knows no image."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum

from pydantic import computed_field

from judge.diff.effects import Effect, joined
from judge.settings import BUNDLED, OFF, Frozen


class Level(IntEnum):
    """How much of a version a change asks for."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


class Needs(StrEnum):
    """A model without which a change has no effect."""

    NOTHING = ""
    ENCODER = "encoder"
    DETECTOR = "detector"


def models_used(model: str, encoder: str | None, detector: str | None) -> frozenset[Needs]:
    """Which optional models judging with these settings has: the bundled model brings its own, unless told `none`."""
    default = BUNDLED if model == BUNDLED else OFF
    named = {Needs.ENCODER: encoder or default, Needs.DETECTOR: detector or default}
    return frozenset(need for need, name in named.items() if name != OFF)


class Change(Frozen):
    """One change. effect: what it can do to the rule by itself; needs: only where this model is used."""

    words: str
    effect: Effect
    level: Level
    needs: Needs = Needs.NOTHING


class RuleDiff(Frozen):
    """What changed in one rule.

    rule: its id, the new one where it was renamed (`was` is the old one). effect: what all changes together can do to
    the rule. before, after: how it counts: `enforce`, `shadow`, or None where it does not exist.
    """

    rule: str
    was: str | None = None
    before: str | None
    after: str | None
    effect: Effect
    changes: tuple[Change, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict_effect(self) -> Effect:
        """What it can do to the verdict: a rule that is not enforced decides nothing."""
        before, after = self.before == "enforce", self.after == "enforce"
        if before and after:
            return self.effect
        if before:
            return Effect.LESS
        return Effect.MORE if after else Effect.NONE


def counted(changes: Iterable[Change], used: frozenset[Needs]) -> Effect:
    """The effects of changes together, where only the models in `used` are."""
    return joined(one.effect for one in changes if one.needs is Needs.NOTHING or one.needs in used)
