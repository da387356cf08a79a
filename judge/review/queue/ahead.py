"""What costs most of an item's page, made before anybody asks for it: its shielded picture, and its rules as HTML.

An item's verdict and picture never change, so what was made once is kept. What comes next is a guess, by what is given
next; where it is wrong, the parts are made when they are asked for. Knows no Gradio.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from judge.errors import JudgeError
from judge.review.queue import stage
from judge.review.queue.listing import QueueFilters
from judge.review.store import Item, Store
from judge.review.store.upcoming import upcoming
from judge.review.ui.parts import rules_html

MOST: Final = 3  # items that are made ready
KEPT: Final = 128  # parts, some tens of kB each
_AFTER: Final = 0.15  # seconds: the answer that is on its way goes first


class Ahead:
    """The parts of the items of a store, made once; safe from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: OrderedDict[tuple[object, ...], str] = OrderedDict()
        self._guard = threading.Lock()
        self._pause = threading.Event()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead")

    def shield(self, item: Item) -> str:
        """The shielded picture.

        Raises:
            UserError: its file is gone or damaged.
        """

        def make() -> str:
            image = self._store.image(item.id) if item.has_image else None
            return stage.shield(item.verdict, image, regions=item.verdict_shown)

        return self._once(("shield", item.id, item.has_image, item.verdict_shown), make)

    def rules(self, item: Item) -> str:
        """Every rule with its chain; nothing where the verdict is hidden, or of a clip."""
        if not item.verdict_shown or item.clip is not None:
            return ""
        return self._once(("rules", item.id), lambda: rules_html(item.verdict))

    def soon(self, wanted: QueueFilters, reviewer: str) -> None:
        """Make the parts of what the reviewer is probably given next."""
        self._worker.submit(self._prepare, wanted, reviewer)

    def _prepare(self, wanted: QueueFilters, reviewer: str) -> None:
        self._pause.wait(_AFTER)
        with contextlib.suppress(JudgeError):  # who opens that item will be told
            for number in upcoming(self._store, reviewer, wanted.for_next(), wanted.order, MOST):
                item = self._store.item(number, reviewer)
                if item.clip is None:
                    self.shield(item)
                    self.rules(item)

    def _once(self, key: tuple[object, ...], make: Callable[[], str]) -> str:
        with self._guard:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self._guard:
            self._made[key] = made
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return made
