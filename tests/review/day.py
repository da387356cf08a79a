"""A moderator's day, step by step: what is pressed, and what it is meant to leave in the log."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from judge.review.queue.showing import QUICK
from judge.review.store import Decision, Store
from tests.review.browsing import press, samples

EVENT = "**/gradio_api/run/predict*"
BLIND = {
    9: "violation_by_digits",
    24: "note_then_no",
    41: "escalate_typed",
}  # what ben escalated, and ann's second read
RULES = [one.rule for one in samples()[0][0].findings]


@dataclass
class Day:
    """What is pressed, and what it is meant to leave in the log. Nothing is taken from the page but by `assert`."""

    page: object
    wire: Wire
    store: Store
    waiting: list[int]
    meant: list[tuple] = field(default_factory=list)
    skipped: set[int] = field(default_factory=set)
    said: int = 0

    @property
    def hand(self):
        """The item that must be in hand: the oldest that waits, what was skipped last."""
        return min(self.waiting, key=lambda one: (one in self.skipped, one))

    @property
    def verdict(self):
        return self.store.verdict(self.hand)

    @property
    def blind(self):
        return self.hand in BLIND

    def shows(self):
        """That the item in hand is on the screen, in the address and in the list, and nothing of another is."""
        self.page.wait_for_function(f"location.hash === '#/queue/item/{self.hand}'")
        assert self.page.locator("#cj-reason").input_value() == ""
        assert self.page.locator("#cj-panel[data-action]").count() == 0
        assert (self.page.get_by_text("Blind read.", exact=True).count() == 1) == self.blind
        ticks = "all => all.filter(one => one.checked).map(one => one.value)"
        expected = [] if self.blind else list(self.verdict.violations)
        assert self.page.locator("#cj-decision input[name=rule]").evaluate_all(ticks) == expected

    def words(self):
        """A reason with digits, blanks, and every letter that is a key."""
        self.said += 1
        return f"{self.said} not a weapon: vase, quiz, jug & fork?"

    def log(self, kind, decision=None, rules=(), reason="", takes_back=None):
        self.meant.append((kind, "ann", self.hand, decision, tuple(rules), reason, takes_back))

    def decided(self, decision, rules=(), reason=""):
        self.log("second_read" if self.blind else "decision", decision, rules, reason)
        if decision == "skip":
            self.skipped.add(self.hand)
        else:
            self.waiting.remove(self.hand)

    def keys(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def ends(self, key):
        press(self.page, key)

    def at_blind_items(self):
        """Decide those that come now."""
        self.shows()
        while self.blind:
            getattr(self, BLIND[self.hand])()
            self.shows()

    # Steps: each decides the item in hand

    def typed_no(self):
        why = self.words()
        self.keys("n")
        self.page.keyboard.type(why)
        self.ends("Enter")
        self.decided("no_violation", reason=why)

    def quick_no(self):
        self.keys("n", "2")
        self.ends("Enter")
        self.decided("no_violation", reason=QUICK["no_violation"][1])

    def chosen_no(self):
        self.keys("n", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp")
        self.ends("Enter")
        self.decided("no_violation", reason=QUICK["no_violation"][1])

    def escalate_typed(self):
        why = self.words()
        self.keys("e")
        self.page.keyboard.type(why)
        self.ends("Enter")
        self.decided("escalate", reason=why)

    def escalate_quick(self):
        self.keys("e", "3")
        self.ends("Enter")
        self.decided("escalate", reason=QUICK["escalate"][2])

    def agree(self):
        said = self.verdict
        self.ends("a")
        self.decided(said.verdict, said.violations, "Agrees with the judge.")

    def skip(self):
        self.ends("s")
        self.decided("skip")

    def ticks(self, *changed):
        """The ticked rules, once these were changed, in their order."""
        on = set(() if self.blind else self.verdict.violations) ^ set(changed)
        return tuple(one for one in RULES if one in on)

    def violation_by_digits(self, reason=""):
        digits = (2, 5) if self.ticks(RULES[1], RULES[4]) else (3, 6)
        self.keys(*map(str, digits))
        self.ends("v")
        self.decided("violation", self.ticks(*(RULES[one - 1] for one in digits)), reason)

    def found_by_typing(self):
        found = RULES[11] if self.ticks(RULES[11]) else RULES[12]
        self.keys("/")
        self.page.keyboard.type(found)
        self.keys("Enter", "Escape")
        self.ends("v")
        self.decided("violation", self.ticks(found))

    def reason_then_violation(self):
        why = self.words()
        self.keys("i")
        self.page.keyboard.type(why)
        self.keys("Escape")
        self.violation_by_digits(why)

    def drawn_back_then_violation(self):
        self.keys("n")
        self.page.keyboard.type(self.words())
        self.keys("Escape")
        self.violation_by_digits()  # what was typed was about no violation

    def note_then_no(self):
        note = self.words()
        self.keys("m")
        self.page.keyboard.type(note)
        self.ends("Enter")
        self.log("note", reason=note)
        self.typed_no()

    def looked_at(self):
        self.ends("r")
        self.page.locator(".cj-original").wait_for()
        self.keys("+", "ArrowRight", "t", "z")
        self.ends("r")
        self.page.locator(".cj-original").wait_for(state="detached")
        self.log("reveal")
        self.agree()

    def undone(self):
        before = self.hand
        self.typed_no()
        self.shows()
        self.ends("u")
        self.back(before, len(self.meant) - 1)
        self.violation_by_digits()

    def taken_back_from_recent(self):
        first, at = self.hand, len(self.meant)
        self.quick_no()
        self.shows()
        self.quick_no()
        self.keys("h")
        self.page.locator("#cj-recent [data-line]").first.wait_for()
        self.tab_to(f"Undo the decision on item {first}")
        self.ends("Enter")
        self.page.locator("#cj-recent").wait_for(state="hidden")
        self.back(first, at)
        self.agree()

    def tab_to(self, name):
        for _ in range(200):
            self.keys("Tab")
            if self.page.evaluate("document.activeElement.innerText.replace(/\\s+/g, ' ').trim()") == name:
                return
        raise AssertionError(f"no Tab leads to {name!r}")

    def back(self, item, line):
        """A decision was taken back: its item is in hand again."""
        self.waiting.append(item)
        assert self.hand == item
        self.log("undo", takes_back=line)
        self.shows()

    def away_and_back(self):
        why = self.words()
        self.keys("i")
        self.page.keyboard.type(why)
        self.keys("Escape")
        self.ends("j")
        self.page.wait_for_function(f"!location.hash.startsWith('#/queue/item/{self.hand}')")
        assert self.page.locator("#cj-reason").input_value() == ""
        self.ends("k")
        self.page.wait_for_function(f"location.hash === '#/queue/item/{self.hand}'")
        self.violation_by_digits(why)

    def agree_pressed_twice(self):
        with self.wire.held() as release:
            self.keys("a", "a")
            release()
        self.settle()
        said = self.verdict
        self.decided(said.verdict, said.violations, "Agrees with the judge.")

    def enter_pressed_twice(self):
        why = self.words()
        self.keys("n")
        self.page.keyboard.type(why)
        with self.wire.held() as release:
            self.keys("Enter", "Enter", "a")
            release()
        self.settle()
        self.decided("no_violation", reason=why)

    def settle(self):
        self.page.locator("#cj-desk:not([aria-busy])").wait_for()

    def answer_lost(self):
        """The server records it, and the page is not told: it asks."""
        lost = len(self.wire.lost)
        self.wire.lose_a_decision()
        told = self.page.locator(".cj-toast", has_text="This was recorded before.")
        for _ in range(1000):
            self.keys("a")  # again and again: what is meant for this item must not decide the next one
            if told.count():
                break
            self.page.wait_for_timeout(20)
        self.keys("a")
        assert len(self.wire.lost) == lost + 1
        self.page.wait_for_function("Date.now() > window.cjDeaf")  # whoever looks at the new item pauses
        said = self.verdict
        self.decided(said.verdict, said.violations, "Agrees with the judge.")

    def lease_lost(self):
        """The lease ends, and somebody else decides, while a reason is half typed."""
        item = self.hand
        self.keys("n")
        self.page.keyboard.type("This is nob")
        self.store.take(item, "ben", now=datetime.now(UTC) + timedelta(minutes=16))
        entry = self.store.decide(item, "ben", Decision(action="no_violation", reason="A vase."))
        self.page.keyboard.type("ody's item any more.")
        self.ends("Enter")
        self.page.locator(".cj-toast-bad", has_text=f"Item {item} is no longer yours").wait_for()
        self.meant.append(("decision", "ben", item, "no_violation", (), entry.reason, None))
        self.waiting.remove(item)


class Wire:
    """The events that a page sends, so that they can be kept waiting, or lost. In place before the page is there: one that
    is loaded already may send past it."""

    def __init__(self, page):
        self.kept, self._keeping, self._losing, self.lost = [], False, False, []
        page.route(EVENT, self._take)

    @contextmanager
    def held(self):
        """Nothing reaches the server until the function that this gives is called."""
        self._keeping = True

        def release():
            self._keeping = False
            for route in self.kept:
                route.continue_()
            self.kept.clear()

        yield release
        assert not self._keeping

    def lose_a_decision(self):
        """Of the next decision the page gets no answer, though the server records it."""
        self._losing = True

    def _take(self, route):
        if self._losing and '"kind":"decide"' in route.request.post_data:
            self._losing = False
            route.fetch()
            self.lost.append(route.request.post_data)
            route.abort()
        elif self._keeping:
            self.kept.append(route)
        else:
            route.continue_()
