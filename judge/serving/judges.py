"""Judges by constitution that share their models. Knows no page and no request."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from judge.serving.turns import Turns

if TYPE_CHECKING:
    from judge.constitution import Constitution
    from judge.judging.pipeline import Judge
    from judge.locks.loading import Policy
    from judge.settings import Settings

KEPT = 8  # judges of edited constitutions that are kept; they share the models, so each is small


class Judges:
    """Judges by constitution, made when first asked for; all share the models that the first one loaded.

    Safe from many threads: `busy` is held while a judge is made, and callers hold it while one judges, because
    the models are shared and a machine has no use for two images at a time.
    """

    def __init__(self, settings: Settings, kept: int = KEPT) -> None:
        self.settings, self._kept = settings, kept
        self.busy = Turns()
        self._by_key: OrderedDict[str, Judge] = OrderedDict()

    def of(self, constitution: str | Path | Constitution | Policy) -> Judge:
        """The judge of a shipped name, a file (read anew when it changed), or what is loaded already.

        Raises:
            ConstitutionError: mistakes in the file.
            UserError: no such constitution or model, or several models that the memory does not hold together: somebody
                waits for each verdict.
            ModelError: the model failed to load.
        """
        from judge.assemble import load_judge, load_like
        from judge.constitution import Constitution
        from judge.locks.loading import Policy, load_policy

        with self.busy:
            policy = constitution if isinstance(constitution, (Constitution, Policy)) else load_policy(constitution)
            loaded, lock = (policy, None) if isinstance(policy, Constitution) else (policy.constitution, policy.lock)
            key = f"{loaded.model_dump_json()}\n{'' if lock is None else lock.digest}"
            if key not in self._by_key:
                like = next(
                    (one for one in self._by_key.values() if one.constitution.language == loaded.language), None
                )
                self._by_key[key] = (
                    load_like(like, policy) if like is not None else load_judge(policy, self.settings, together=True)
                )
            self._by_key.move_to_end(key)
            while len(self._by_key) > self._kept:
                self._by_key.popitem(last=False)
            return self._by_key[key]

    def warm(self, constitution: str) -> None:
        """Load in the background, so that the first image does not wait; what fails then fails again when asked."""

        def load() -> None:
            with contextlib.suppress(Exception):  # the person who asks for it is told
                self.of(constitution)

        threading.Thread(target=load, name="warm-judge", daemon=True).start()
