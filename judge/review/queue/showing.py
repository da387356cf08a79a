"""How the item in hand is shown: its verdict, its rules, and what may be decided. Knows no store."""

from __future__ import annotations

from judge.review.queue.listing import Wanted
from judge.review.store import Item, Right
from judge.review.ui import render
from judge.review.ui.chains import rule_ids
from judge.review.ui.context import Person
from judge.review.ui.parts import rules_html

QUICK = {
    "no_violation": (
        "None of the rules applies.",
        "An exception applies.",
        "The judge misread the picture.",
        "It looks close, but a precondition is not met.",
    ),
    "escalate": (
        "It is unclear what the picture shows.",
        "The rule is unclear about this case.",
        "It may break a rule that is not in the constitution.",
        "It needs a specialist.",
    ),
}


def item_html(item: Item, person: Person) -> dict[str, str]:
    """The parts of the page beside the picture."""
    verdict = item.verdict
    mllm = next((one.name for one in verdict.provenance.models if one.role == "mllm"), "")
    history = render.html("history", entries=item.decisions) if item.decisions else ""
    ids = rule_ids(verdict)
    return {
        "verdict": render.html("verdict", verdict=verdict, model=mllm) + history,
        "rules": rules_html(verdict),
        "decision": render.html(
            "decision",
            rules=ids,
            ticked=() if item.blind else verdict.violations,
            blind=item.blind,
            quick=QUICK,
            keys={rule: str((place + 1) % 10) if place < 10 else "" for place, rule in enumerate(ids)},
            texts={one.rule: one.text for one in verdict.findings},
            may_escalate=item.read != "policy",
            may_mark=person.may(Right.MARK_GOLD) and not item.blind,
        ),
    }


def nothing_html(wanted: Wanted) -> dict[str, str]:
    """The same parts, and the picture's, where nothing waits."""
    if wanted.narrowed:
        title, text = "Nothing here waits for you", "No item that matches the filters waits for you."
    else:
        title, text = "All done", "Nothing waits for you. New items appear here by themselves."
    stage = render.html("empty", title=title, text=text, filtered=wanted.narrowed)
    return {"stage": stage, "verdict": "", "rules": "", "decision": ""}
