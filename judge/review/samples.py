"""What an empty store begins with: the shipped drawings, what the bundled model said of them, and a few decisions.

All of it is marked: the items' source is `sample`, the decisions are by `sample` and `sample-second`. Whoever wants
none of it in their log adds verdicts before the app is first opened.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

from judge.resources import shipped
from judge.review.store import Decision, Store
from judge.verdict import Verdict

VERDICTS = Path(__file__).resolve().parent / "sample_verdicts.jsonl.gz"
FIRST, SECOND = "sample", "sample-second"
_DECIDED = 12
_APART = timedelta(hours=9)  # the items are spread over the two weeks before, so that a dashboard has days to show


def fill(store: Store, now: datetime | None = None) -> int:
    """Put the samples into a store that has no items; how many. Without the shipped drawings there are none."""
    if store.count().total:
        return 0
    moment = now or datetime.now(UTC)
    lines = gzip.decompress(VERDICTS.read_bytes()).decode().splitlines()
    drawings = shipped("examples") / "images"
    known = [one for one in map(Verdict.model_validate_json, lines) if (drawings / one.image).is_file()]
    added: dict[int, Verdict] = {}
    moments: dict[int, datetime] = {}
    for index, one in enumerate(known):
        came = moment - (len(known) - index) * _APART
        item = store.add(one, (drawings / one.image).read_bytes(), "sample", now=came)
        added[item], moments[item] = one, came
    if not store.has_users():  # with users, only they decide
        _decide(store, added, moments)
    return len(added)


def _decide(store: Store, added: dict[int, Verdict], moments: dict[int, datetime]) -> None:
    """What somebody who drew these would say of every third one, and the second reads that came of it.

    Each is dated a while after its item came in, as if it had been decided then.
    """
    ids = list(added)
    chosen = sorted({*ids[::3][:_DECIDED], ids[-4]})  # the latter is drawn for a second read
    for item in chosen:
        later = moments[item] + _APART / 3
        store.take(item, FIRST, later)
        if item == chosen[-1]:  # it stays for whoever opens the app
            store.decide(item, FIRST, Decision(action="escalate", reason="A sample of an escalation."), later)
            continue
        store.decide(item, FIRST, _truth(added[item]), later)
        if store.item(item, SECOND, later).read == "second":
            store.take(item, SECOND, later + _APART / 3)
            store.decide(item, SECOND, _truth(added[item]), later + _APART / 3)


def _truth(verdict: Verdict) -> Decision:
    """By the drawing's name: the rule that it was made for, and which side of it."""
    fitting = [one.rule for one in verdict.findings if verdict.image.startswith(one.rule)]
    rule = max(fitting, key=len)
    if "-violating" in verdict.image:
        return Decision(action="violation", rules=(rule,), reason="Drawn as a violation of this rule.")
    return Decision(action="no_violation", rules=(rule,), reason="Drawn as the safe neighbour of this rule.")
