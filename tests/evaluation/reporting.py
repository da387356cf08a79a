"""A small real evaluation for the tests of the reports: shipped drawings, the bundled judge, hostile texts throughout."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from judge import load_constitution
from judge.assemble import load_judge
from judge.constitution import Constitution, Rule
from judge.evaluation.evaluate import evaluate
from judge.evaluation.measures.figures import Evaluation
from judge.evaluation.methods.ablations import ablations
from judge.evaluation.methods.baselines import baselines
from judge.evaluation.methods.clue import the_judge
from judge.evaluation.protocols import Dataset, Example, Judgement
from judge.evaluation.stress import stress
from judge.evaluation.stress.transformations import TRANSFORMATIONS
from tests.conftest import ROOT

DRAWINGS = ROOT / "examples/images"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"></style>{{ 7 * 7 }}"
KEPT = ("body-on-fire", "bloody-body", "weapon-in-hand", "blade-in-hand", "drugs", "child-with-alcohol")
# drawing -> the rules it truly violates, statements that truly hold, statements that do not, context
TRUTHS: dict[str, tuple[list[str], list[str], list[str], str]] = {
    "body-on-fire-violating": (
        ["body-on-fire", "hostile"],
        ["people are visible", "fire is visible", "the body is on fire"],
        [],
        "with",
    ),
    "body-on-fire-borderline": ([], ["fire is visible"], ["the body is on fire"], "with"),
    "bloody-body-borderline-sample": ([], ["blood is visible"], ["people are visible", "the body is bloody"], "with"),
    "weapon-in-hand-violating": (
        ["weapon-in-hand", "blade-in-hand"],
        ["people are visible", "a weapon is visible", "a person is holding a weapon"],
        ["a child is visible"],
        "against",
    ),
    "child-with-alcohol-violating": (["child-with-alcohol"], ["a child is visible"], [], "against"),
    "child-with-alcohol-borderline-adult": ([], [], ["a child is visible"], "with"),
    "drugs-borderline": ([], [], ["drugs are visible"], "with"),
}


class Made(NamedTuple):
    """What the reports are made of."""

    evaluation: Evaluation
    dataset: Dataset
    judgements: dict[str, tuple[Judgement, ...]]
    constitution: Constitution


def made(folder: Path) -> Made:
    """Judge seven drawings, a pattern that is no drawing and a file that is no image, by four methods."""
    shipped = load_constitution("demo")
    hostile = Rule(id="hostile", rule=f"No {HOSTILE}", preconditions=["people are visible", f"fire {HOSTILE}"])
    rules = tuple(one for one in shipped.rules if one.id in KEPT)
    constitution = shipped.model_copy(update={"rules": (*rules, hostile)})
    names = [one.id for one in constitution.rules]
    examples = [
        Example(
            id=f"{HOSTILE if name == 'drugs-borderline' else name}.png",
            path=str(DRAWINGS / f"{name}.png"),
            unsafe=bool(violated),
            rules={rule: rule in violated for rule in names},
            statements=dict.fromkeys(holds, True) | dict.fromkeys(fails, False),
            tags={"context": context} if name != "drugs-borderline" else {"context": HOSTILE},
        )
        for name, (violated, holds, fails, context) in TRUTHS.items()
    ]
    examples += [
        Example(id="noise.png", path=_noise(folder), unsafe=False),
        Example(id="gone.png", path=str(folder / "gone.png"), unsafe=True, rules={"drugs": True}),
    ]
    digest = hashlib.sha256("".join(one.model_dump_json() for one in examples).encode()).hexdigest()
    dataset = Dataset(name=f"drawings {HOSTILE}", digest=digest, examples=tuple(examples))
    judge = load_judge(constitution, device="cpu", dtype="float32", escalate=())
    direct = [one for one in baselines(judge) if not one.name.endswith("-cot")]
    without = [one for one in ablations(judge) if one.name == "without-relevance"]
    method = the_judge(judge)
    found = evaluate(
        dataset, method, (*direct, *without), constitution=constitution, folder=folder,
        facts={"model": f"bundled {HOSTILE}"},
    )  # fmt: skip
    disguised = stress(
        examples, found.judgements[method.name], method, constitution=constitution, folder=folder / "stress",
        transformations=[replace(TRANSFORMATIONS[0], name=f"mirrored {HOSTILE}"), *TRANSFORMATIONS[5:7]],
    )  # fmt: skip
    evaluation = found.evaluation.model_copy(update={"stress": disguised})
    return Made(evaluation, dataset, found.judgements, constitution)


def _noise(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "noise.png"
    Image.effect_noise((160, 120), 80).convert("RGB").save(path)
    return str(path)
