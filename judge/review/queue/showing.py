"""How the item in hand is shown: its verdict, its rules, and what may be decided. Knows no store."""

from __future__ import annotations

import json

from judge.review.queue.listing import QueueFilters
from judge.review.queue.moments import place_of
from judge.review.queue.policies import PolicyRule
from judge.review.store import Item, Right
from judge.review.ui import render
from judge.review.ui.clips import clip_html
from judge.review.ui.context import Person
from judge.review.ui.parts import is_outside, told_html

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


def item_html(item: Item, person: Person, rules: tuple[PolicyRule, ...], chains: str) -> dict[str, str]:
    """The parts of the page beside the picture. rules: those that it can be decided by; none where they are not known
    here. chains: what came of them, as HTML; a clip has its own."""
    verdict, shown = item.verdict, item.verdict_shown
    found = chains if item.clip is None else clip_html(item.clip, place_of(item.clip))
    return {
        "told": told_html((item.clip or verdict).context or {}),
        "verdict": _said_html(item, person) if shown else render.html("hidden"),
        "rules": found if shown else render.html("policy", rules=rules, item=item),
        "decision": render.html(
            "decision",
            rules=rules,
            judged=bool(verdict.findings),
            ticked=() if item.blind else verdict.violations,
            blind=item.blind,
            quick=QUICK,
            keys={one.id: str((place + 1) % 10) if place < 10 else "" for place, one in enumerate(rules)},
            may_escalate=item.read != "policy",
            may_mark=person.may(Right.MARK_GOLD) and not item.blind,
        ),
    }


def announced(item: Item) -> str:
    """What a screen reader is told of the item."""
    said = f"Item {item.id}"
    if item.verdict_shown:
        said += f": {render.word(item.verdict.verdict)}"
        said += f", {render.few(item.verdict.violations)}" if item.verdict.violations else ""
    return f"{said}.{' A blind read.' if item.blind else ''}"


def _said_html(item: Item, person: Person) -> str:
    """What the judge said, and what was decided before."""
    verdict = item.verdict
    mllm = next((one.name for one in verdict.provenance.models if one.role == "mllm"), "")
    decided = [one for one in item.decisions if one.kind != "note"]
    case = item.state == "decided" and person.may(Right.EDIT_CONSTITUTIONS)
    history = render.html("history", entries=decided, case=case) if decided else ""
    agree = ""
    if verdict.verdict != "needs_review":
        agree = json.dumps({"action": verdict.verdict, "rules": verdict.violations})
    clip = item.clip
    outside = is_outside(clip or verdict)
    thing = "image" if clip is None else "clip"
    said = render.html("verdict", verdict=verdict, model=mllm, agree=agree, outside=outside, thing=thing)
    return said + history


def nothing_html(wanted: QueueFilters, *, blind: bool) -> dict[str, str]:
    """The same parts, and the picture's, where nothing waits. blind: whether second readers do not see the verdict."""
    if blind and wanted.state == "second_read" and wanted.for_next().by_verdict:
        title = "Blind reads are not chosen by the verdict"
        text = "Clear the filters of verdict, rule, severity and score: they would tell what the judge said."
    elif wanted.narrowed:
        title, text = "Nothing here waits for you", "No item that matches the filters waits for you."
    else:
        title, text = "All done", "Nothing waits for you. New items appear here by themselves."
    stage = render.html("empty", title=title, text=text, filtered=wanted.narrowed)
    return {"stage": stage, "told": "", "verdict": "", "rules": "", "decision": "", "notes": "", "near": "", "film": ""}
