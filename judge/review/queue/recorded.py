"""What was recorded, in a line that offers to take it back."""

from __future__ import annotations

from typing import Any

from judge.review.store import LogEntry
from judge.review.ui import render
from judge.review.ui.parts import toast

_ESCALATED = "Somebody else reads it next, without seeing what you said. If they escalate it as well, policy decides."


def recorded(entry: LogEntry) -> dict[str, Any]:
    """The line for a decision. Of a blind read it does not say what came of it: whether that was a gold item, or what
    somebody else had said, would be seen by it."""
    item = f"item {entry.item}"
    if entry.decision == "skip":
        text = f"Skipped {item}. It comes back to you after all others."
    elif entry.decision == "escalate":
        text = f"Escalated {item}." + (f" {_ESCALATED}" if entry.extra.get("read") == "first" else "")
    else:
        said = render.word(entry.decision or "").lower()
        rules = f" ({', '.join(entry.rules)})" if entry.rules else ""
        text = f"Recorded: {said}{rules}, {item}{', as a gold item' if entry.kind == 'gold_marked' else ''}."
    return {**toast(text), "line": entry.seq}
