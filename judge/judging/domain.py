"""The domain check: a picture that the model was not made for is asked nothing and goes to a person.

A model that reads drawings answers about photographs too, with the same confidence and no ground for it.
What a `Guard` measures is its own business; this module only acts on it. One strange view (a frame of an
animation, say) is enough for the whole picture. Where the model is one of several (`Domain`), it alone is not asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from judge.causes import Cause, Why
from judge.errors import ModelError
from judge.judging.calling import NotAsked, each
from judge.judging.clock import Clock
from judge.judging.view_state import ViewState
from judge.media import Picture, View
from judge.ports import Guard


def keep_out(pictures: Sequence[Sequence[ViewState]], guard: Guard, clock: Clock) -> None:
    """Mark every state of each picture that is strange to the model; `pictures` are the states of each.

    One that was looked at before is left as it is, and one that there was no time for may still be looked at. A
    picture that the guard fails on goes to a person: nothing is known of it. A closer view is measured by itself: what
    is cut out of a picture often looks like none, so one that is strange is passed over and the plain view stands.
    """
    pictures = [group for group in pictures if group and group[0].strangeness is None and group[0].outside is None]
    states = [(state, number) for number, group in enumerate(pictures) for state in group]
    found = each(
        "the domain check",
        lambda some: guard.strangeness([one.view.image for one, _ in some]),
        states,
        clock,
        lambda one: one[1],
    )
    measured = dict(zip([state for state, _ in states], found, strict=True))
    for group in pictures:
        if any(isinstance(measured[one], NotAsked) for one in group):
            continue
        plain = [one for one in group if one.closer is None]
        _mark(plain, [measured[one] for one in plain], guard)
        for one in group:
            if one.closer is not None:
                _mark([one], [measured[one]], guard)
                _pass_over(one, strange=plain[0].outside is not None)


def _mark(states: Sequence[ViewState], found: Sequence[float | ModelError], guard: Guard) -> None:
    """What was measured of some views counts for all of them, by the strangest."""
    failed = next((one.message for one in found if isinstance(one, ModelError)), None)
    numbers = [one for one in found if not isinstance(one, ModelError)]
    if failed is None and not all(map(math.isfinite, numbers)):
        failed = "the domain check gave no number"
    for state in states:
        if failed is not None:
            state.outside = Why.of(Cause.GUARD_FAILED, said=failed)
            continue
        state.strangeness = round(max(numbers), 6)
        if state.strangeness > 1.0:
            state.outside = Why.of(Cause.OUTSIDE, model=guard.model, reads=guard.reads)


def _pass_over(state: ViewState, *, strange: bool) -> None:
    """Leave out a closer view that is strange, and a tile of a picture that is `strange` as a whole: what the model
    cannot read it cannot read in parts. A panel and the like are pictures in themselves."""
    itself = state.outside is not None and state.outside.cause is Cause.OUTSIDE
    if itself or (strange and state.closer is not None and state.closer.kind == "tile"):
        state.outside, state.passed_over = None, True


class Domain:
    """Which pictures one of several models was made for, by its guard; each view is measured once."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._measured: WeakKeyDictionary[View, float | ModelError] = WeakKeyDictionary()

    def bars(self, states: Sequence[ViewState], clock: Clock) -> list[Why | ModelError | None]:
        """Of each state why the model must not be asked about it: None where it may be, an error where nobody knows.

        A picture is barred by its strangest view, and a closer view by itself, too.
        """
        wanted = dict.fromkeys(view for state in states for view in _views(state) if view not in self._measured)
        views = list(wanted)
        found = each(
            "the domain check",
            lambda some: self._guard.strangeness([one.image for one in some]),
            views,
            clock,
            id,
        )
        now = dict(zip(views, found, strict=True))
        self._measured.update((view, one) for view, one in now.items() if not isinstance(one, ModelError))
        return [self._barred([self._measured.get(view, now.get(view)) for view in _views(state)]) for state in states]

    def _barred(self, found: Sequence[float | ModelError | None]) -> Why | ModelError | None:
        for one in found:
            if isinstance(one, ModelError):
                return one
            if one is None or not math.isfinite(one):
                return ModelError("the domain check gave no number")
        if max(one for one in found if isinstance(one, (int, float))) <= 1.0:
            return None
        return Why.of(Cause.OUTSIDE, model=self._guard.model, reads=self._guard.reads)


def _views(state: ViewState) -> tuple[View, ...]:
    plain = state.picture.views if isinstance(state.picture, Picture) else ()
    return tuple(dict.fromkeys((*plain, state.view)))
