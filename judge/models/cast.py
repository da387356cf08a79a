"""The multimodal models of a judge with a committee or a debate: beside each other in memory, or in turns.

Knows no model: it is given what loads one by its name. What a server or another package holds takes no turn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

from judge.errors import UserError
from judge.judging.debate import Voices
from judge.judging.ladder import Further
from judge.models.beside import runs_here, why_not_beside
from judge.models.turns import InTurn, Seat
from judge.models.voters import check_models
from judge.ports import Mllm
from judge.settings import Settings, Step

log = logging.getLogger("judge")
IN_TURNS = (
    "%s: these take turns, and each is loaded anew for every %d pictures (--batch: more of them, or name a server)"
)


class Cast:
    """The judge's own model, and those that steps after reasoning need; one that is named twice is loaded once.

    Raises, where models are loaded, as `load` does.
    """

    def __init__(self, settings: Settings, steps: Collection[Step], load: Callable[[str], Mllm]) -> None:
        self._settings, self._steps, self._load = settings, steps, load
        parts, committee, own = settings.debaters, settings.committee, settings.model
        debating = (parts.speaker, parts.opponent, parts.judge) if "debate" in steps else ()
        voting = committee.voters(own) if "committee" in steps else ()
        further = dict.fromkeys(name for name in (*debating, *voting) if name is not None and name != own)
        self._here = [name for name in further if runs_here(name)]
        self._away = [name for name in further if not runs_here(name)]
        self._seat = Seat(load)
        self._may_leave = bool(self._here) and runs_here(own)

    def first(self) -> Mllm:
        """The judge's own. Where others run here, too, nothing but `_seat` may hold it: it may have to make room."""
        return InTurn(self._seat, self._settings.model) if self._may_leave else self._load(self._settings.model)

    def rest(self, first: Mllm, *, together: bool) -> tuple[Mllm, Further]:
        """The judge's own as it is to be asked, and the others. together: whether turns are refused.

        Raises:
            UserError: two of them are one, or (`together`) the memory does not hold them beside each other.
        """
        own = self._settings.model
        several = len(self._here) + runs_here(own) > 1
        why = why_not_beside(self._here, self._settings) if several else None
        if why is not None and together:
            raise UserError(
                f"the memory does not hold all these models: {why}. They could take turns, which is too slow here",
                hint="name a server for some (--model http://HOST:PORT/v1#NAME), smaller ones, or --quantize 4bit",
            )
        named = {own: first, **{name: self._load(name) for name in self._away}}
        if why is not None:
            log.warning(IN_TURNS, why, self._settings.batch)
            named.update((name, InTurn(self._seat, name)) for name in self._here)
        else:
            named[own] = self._seat.of(own) if self._may_leave else first
            named.update((name, self._load(name)) for name in self._here)
        return named[own], self._further(named)

    def itself(self, first: Mllm) -> Mllm:
        """The judge's own as it was loaded, to be looked at and not to be kept."""
        return self._seat.of(self._settings.model) if self._may_leave else first

    def _further(self, named: Mapping[str, Mllm]) -> Further:
        own, parts, committee = self._settings.model, self._settings.debaters, self._settings.committee
        voices = None
        if "debate" in self._steps:
            voices = Voices(*(named[name or own] for name in (parts.speaker, parts.opponent, parts.judge)))
        if "committee" not in self._steps:
            return Further(voices)
        check_models({name: named[name] for name in committee.voters(own)})
        stronger = (committee.stronger, named[committee.stronger]) if committee.stronger is not None else None
        return Further(voices, {name: named[name] for name in committee.members}, stronger)
