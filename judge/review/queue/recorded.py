"""What was recorded, in a line that offers to take it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from judge.review.store import LogEntry, TakenBack, Together
from judge.review.ui import render
from judge.review.ui.parts import toast

_ESCALATED = "Somebody else reads it next, without seeing what you said. If they escalate it as well, policy decides."


def recorded(entry: LogEntry, *, before: bool = False) -> dict[str, Any]:
    """The line for a decision. Of a blind read it does not say what came of it: whether that was a gold item, or what
    somebody else had said, would be seen by it. before: it was recorded, and the page was not told."""
    item = f"item {entry.item}"
    if entry.decision == "skip":
        text = f"Skipped {item}. It comes back to you after all others."
    elif entry.decision == "escalate":
        text = f"Escalated {item}." + (f" {_ESCALATED}" if entry.extra.get("read") == "first" else "")
    else:
        said = render.word(entry.decision or "").lower()
        rules = f" ({', '.join(entry.rules)})" if entry.rules else ""
        text = f"Recorded: {said}{rules}, {item}{', as a gold item' if entry.kind == 'gold_marked' else ''}."
    text = f"This was recorded before. {text}" if before else text
    return {**toast(text), "line": entry.seq}


def otherwise(entry: LogEntry) -> dict[str, Any]:
    """The line for a decision that is not recorded, because the same person decided the item otherwise elsewhere."""
    stands = recorded(entry)
    text = f"Not recorded: you decided item {entry.item} otherwise in another tab. There: {stands['text']}"
    if entry.decision != "skip":
        text += " Undo that to decide again: your words are kept."
    return {**toast(text, bad=True), "line": entry.seq}


def recorded_together(together: Together) -> dict[str, Any]:
    """The line for decisions that were made at once; its button takes all of them back."""
    first, *others = together.entries
    if not others:
        told = recorded(first)
    else:
        said = "Escalated" if first.decision == "escalate" else f"Recorded: {render.word(first.decision or '').lower()}"
        rules = f" ({', '.join(first.rules)})" if first.rules and first.decision != "escalate" else ""
        near = "item" if len(others) == 1 else "items"
        which = f"item {first.item} and {len(others)} near-identical {near} ({_few(one.item for one in others)})"
        told = {**toast(f"{said}{rules}, {which}."), "line": first.seq}
    if together.left_out:
        left = "; ".join(f"item {item} {why}" for item, why in together.left_out.items())
        told["text"] += f" Left out: {left}."
    return told


def taken_back(taken: TakenBack) -> dict[str, Any]:
    """The line for what was taken back."""
    if len(taken.items) < 2:
        text = f"Decision on item {taken.item} taken back. The log keeps both."
    else:
        text = f"{len(taken.items)} decisions taken back: on items {_few(taken.items)}. The log keeps all."
    left = "".join(f" {why[:1].upper()}{why[1:]}." for why in taken.left_out)
    return toast(text + left, bad=bool(left))


def _few(numbers: Iterable[int | None]) -> str:
    return render.few([str(one) for one in numbers], 8)
