"""How what the workbench finds is shown: images tried, policies compared, a threshold's curve. Finds nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from judge.clip_verdict import ClipVerdict
from judge.errors import ImageError
from judge.review.shield import shielded
from judge.review.ui import render
from judge.review.ui.clips import clip_html
from judge.review.ui.parts import is_outside, rules_html, told_html
from judge.review.workbench.library import Library, Ref
from judge.review.workbench.replay import Curve
from judge.review.workbench.trials import PoliciesCompared, TrialImage, Tried

KNOBS = (
    ("prior_holds", "Holds over (prior_holds)"),
    ("prior_fails", "Fails under (prior_fails)"),
    ("region_drop", "Central region (region_drop)"),
    ("relevance", "Relevance (relevance)"),
    ("label_mass", "Label mass (label_mass)"),
)
_THUMB = 112


def refs_html(library: Library, chosen: Ref) -> str:
    """The constitutions there are, to choose from."""
    refs = library.refs()
    return render.html(
        "workbench_refs",
        chosen=str(chosen),
        saved=[one for one in refs if one.origin == "saved"],
        shipped=[one for one in refs if one.origin == "shipped"],
    )


def tried_html(tried: Sequence[Tried]) -> str:
    """A verdict an image."""
    results = [
        {
            "name": render.named(one.picture.name, 80),
            "thumb": _thumb(one.picture),
            "verdict": one.verdict,
            "outside": is_outside(one.verdict),
            "told": render.safe(told_html(one.picture.context)),
            "rules": render.safe(
                clip_html(one.verdict) if isinstance(one.verdict, ClipVerdict) else rules_html(one.verdict)
            ),
        }
        for one in tried
    ]
    return render.html(
        "workbench_tried",
        results=results,
        thing="clip" if any(isinstance(one.verdict, ClipVerdict) for one in tried) else "image",
    )


def compared_html(found: PoliciesCompared) -> str:
    """What flips, and what changed in the policy."""
    flips, same = [], []
    by_place = iter(found.verdicts.flips)
    flip = next(by_place, None)
    for picture, (old, new) in zip(found.pictures, found.pairs, strict=True):
        shown = {"name": render.named(picture.name, 80), "thumb": _thumb(picture)}
        if (
            flip is not None
            and flip.image == old.image
            and (old.verdict, old.violations) != (new.verdict, new.violations)
        ):
            flips.append({**shown, "flip": flip})
            flip = next(by_place, None)
        elif old.failure is None and new.failure is None:
            same.append({**shown, "verdict": new.verdict})
    changes = render.html("workbench_changes", policy=found.policy)
    labels = (f"{found.policy.old.constitution} {found.policy.old.version}", "the draft")
    return render.html(
        "workbench_compared", diff=found.verdicts, flips=flips, same=same, labels=labels, changes=render.safe(changes)
    )


def _thumb(picture: TrialImage) -> str:
    """Shielded, also of an upload: a workbench shows no originals."""
    try:
        small = shielded(picture.image, _THUMB)
    except ImageError:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"


def curve_html(curve: Curve, name: str, bounded: Sequence[str] = ()) -> str:
    """The curve as lines, and the numbers that the slider moves through. bounded: rules that it does not move."""
    if not curve.items:
        return render.html("workbench_curve", curve=curve, name=name)
    values = [point.value for point in curve.points]
    low, reach = values[0], (values[-1] - values[0]) or 1.0

    def x(value: float) -> float:
        return round(46 + 544 * (value - low) / reach, 1)

    lines = []
    for measure in ("precision", "recall", "review"):
        path, pen = [], "M"
        for point in curve.points:
            said = getattr(point.figures, measure).value
            if said is None:
                pen = "M"
                continue
            path.append(f"{pen}{x(point.value)} {round(190 - 180 * said, 1)}")
            pen = "L"
        lines.append({"name": measure, "path": " ".join(path)})
    points = [
        {
            "value": round(one.value, 4),
            "x": x(one.value),
            "recorded": one.recorded,
            "moved": one.moved,
            **{measure: _estimate(getattr(one.figures, measure)) for measure in ("precision", "recall", "review")},
        }
        for one in curve.points
    ]
    return render.html(
        "workbench_curve",
        curve=curve,
        name=name,
        bounded=bounded,
        lines=lines,
        points=json.dumps(points),
        label=dict(KNOBS)[curve.knob].split(" (")[0],
        first=f"{values[0]:.2f}",
        last=f"{values[-1]:.2f}",
    )


def _estimate(one: Any) -> list[float | None]:
    return [one.value, one.low, one.high]
