"""The keys of the queue: what each does, and which it is unless a person chose another. The page has the functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from judge.errors import UserError


@dataclass(frozen=True)
class Key:
    """One line of the sheet. action: the name of what it does; empty where the key cannot be changed."""

    action: str
    key: str
    meaning: str


KEYS: dict[str, tuple[Key, ...]] = {
    "Decide": (
        Key("agree", "a", "say what the judge said"),
        Key("violation", "v", "violation, by the ticked rules"),
        Key("no_violation", "n", "no violation: asks why"),
        Key("escalate", "e", "escalate: asks why"),
        Key("skip", "s", "skip: it comes back later"),
        Key("undo", "u", "undo your last decision"),
        Key("", "1…0", "tick or untick one of the first ten rules"),
        Key("find", "/", "find a rule, then Enter ticks it"),
        Key("reason", "i", "write a reason"),
        Key("note", "m", "write a note for colleagues"),
        Key("gold", "g", "mark as a gold item (policy)"),
        Key("case", "c", "make a case of a decided item (policy)"),
        Key("together", "d", "decide near-identical pictures, too"),
        Key("", "Enter", "record, in the panel that asks why"),
        Key("", "Esc", "leave a field or the panel"),
    ),
    "Look": (
        Key("reveal", "r", "reveal or hide the image"),
        Key("peek", "p", "hold to peek"),
        Key("zoom_in", "+", "zoom in"),
        Key("zoom_out", "-", "zoom out"),
        Key("whole_or_actual", "z", "whole picture, or 100 %"),
        Key("", "Arrows", "move a picture that is zoomed in; else left and right: a clip's frames"),
        Key("previous_frame", "o", "of a clip: the frame before"),
        Key("next_frame", "l", "of a clip: the next frame"),
        Key("previous_range", "x", "of a clip: back to where something was found"),
        Key("next_range", "y", "of a clip: on to where something was found"),
        Key("turn", "t", "rotate by a quarter"),
        Key("full", "f", "full screen"),
        Key("grey", "w", "without colours"),
        Key("blur_less", ",", "less blur"),
        Key("blur_more", ".", "more blur"),
        Key("boxes", "b", "show or hide central regions"),
    ),
    "Go": (
        Key("next", "j", "next in the list"),
        Key("previous", "k", "previous in the list"),
        Key("pause", "q", "a break, and back"),
        Key("recent", "h", "your last decisions"),
        Key("keys", "?", "this sheet"),
    ),
}
DEFAULTS = {one.action: one.key for group in KEYS.values() for one in group if one.action}
_TAKEN = frozenset("0123456789") | {" "}  # digits tick rules; a space presses the button in focus


def changed(chosen: Mapping[str, str]) -> dict[str, str]:
    """The keys that a person chose, without those that are as they come.

    Raises:
        UserError: an action that there is not, no single character, one that is taken, or the same for two actions.
    """
    for action, key in chosen.items():
        if action not in DEFAULTS:
            raise UserError(f"there is no key for '{action[:40]}'", hint="reload the page")
        if len(key) != 1 or not key.isprintable() or key != key.lower() or key in _TAKEN:
            raise UserError(
                f"'{key[:10]}' cannot be chosen", hint="choose a letter or a sign that is typed with one key"
            )
    bound = {**DEFAULTS, **chosen}
    for action, key in chosen.items():
        other = next((one for one in bound if one != action and bound[one] == key), None)
        if other is not None:
            raise UserError(f"'{key}' is taken: {_meaning(other)}", hint="choose another key, or change that one first")
    return {action: key for action, key in chosen.items() if key != DEFAULTS[action]}


def _meaning(action: str) -> str:
    return next(one.meaning for group in KEYS.values() for one in group if one.action == action)
