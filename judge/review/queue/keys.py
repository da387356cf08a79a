"""The keys of the queue: what each does, and which it is unless a person chose another. The page has the functions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """One line of the sheet. action: the name of what it does; empty where the key cannot be changed."""

    action: str
    key: str
    meaning: str


KEYS: dict[str, tuple[Key, ...]] = {
    "Decide": (
        Key("violation", "v", "violation, by the ticked rules"),
        Key("no_violation", "n", "no violation: asks why"),
        Key("escalate", "e", "escalate: asks why"),
        Key("skip", "s", "skip: it comes back later"),
        Key("undo", "u", "undo your last decision"),
        Key("", "1…0", "tick or untick one of the first ten rules"),
        Key("find", "/", "find a rule, then Enter ticks it"),
        Key("reason", "i", "write a reason"),
        Key("gold", "g", "mark as a gold item (policy)"),
        Key("", "Enter", "record, in the panel that asks why"),
        Key("", "Esc", "leave a field or the panel"),
    ),
    "Look": (
        Key("reveal", "r", "reveal or hide the image"),
        Key("peek", "p", "hold to peek"),
        Key("zoom_in", "+", "zoom in"),
        Key("zoom_out", "-", "zoom out"),
        Key("whole_or_actual", "z", "whole picture, or 100 %"),
        Key("", "← ↑ → ↓", "move a picture that is zoomed in"),
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
        Key("keys", "?", "this sheet"),
    ),
}
DEFAULTS = {one.action: one.key for group in KEYS.values() for one in group if one.action}
