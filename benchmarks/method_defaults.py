"""Which settings of the method help the bundled model, on drawings that are neither its training nor the bench.

    python -m benchmarks.method_defaults OUT_DIR --art .art [--per-side 8]

1. `drawn`: scenes of the trainer on art that is never trained on, with the truth of every statement of the demo
constitution: per rule some that violate it, and as many safe ones in which part of it is true;
2. each variant judges all of them, with what the model answered shared between them (`OUT_DIR/answers.sqlite`);
3. a table: F1 of a variant less that of the method as it is, paired, on each half of the drawings. A setting is clearly
better where its interval is above 0 on the half that it was chosen on, and its difference is on the other half, too.

What is fitted (the weights of a second opinion) is fitted on the first half. No network; the art is packed by
`python -m tools.train_bundled.art --out .art --sets twemoji`. With 208 drawings about 20 minutes on one
core.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from benchmarks.drawn_os_bench.truth import Truth, resolved
from judge.assemble import load_judge
from judge.caches.answers import CachedAnswers
from judge.constitution import Constitution, load_constitution
from judge.evaluation.data.datasets import load_dataset
from judge.evaluation.evaluate import judged
from judge.evaluation.measures.bootstrap import Bootstrap
from judge.evaluation.measures.counting import scores
from judge.evaluation.measures.figures import Estimate
from judge.evaluation.measures.measure import compare
from judge.evaluation.measures.traces import image_said
from judge.evaluation.methods.clue import JudgeMethod, all_enforced, the_judge
from judge.evaluation.protocols import Dataset, Example, Judgement
from judge.files import write_whole
from judge.judging.pipeline import Judge
from judge.judging.probability import logit
from judge.judging.regions_stage import central_objects
from judge.languages import DEFAULT, language_of
from judge.models.transformers.owlv2 import load_owlv2
from judge.ports import Ask, Conversation, Detector, Mllm
from judge.resources import bundled_eyes
from judge.settings import Ladder
from judge.verdict import Answer, ModelIdentity
from tools.train_bundled import truth
from tools.train_bundled.art import CONCEPTS, load_sprites
from tools.train_bundled.questions import BODY
from tools.train_bundled.scenes import compose
from tools.train_bundled.truth import Scene, scenes_of
from tools.train_bundled.vocabulary import CATEGORIES, INDEX, SKULLS, Category

METADATA = "metadata.jsonl"
MOST_SCENES = 60_000
SHIFT = 6  # pixels of 128: more than a third of a patch
SHOWN: Mapping[str, Category] = {
    **{
        f"{text} visible": CATEGORIES[name]
        for text, name in {
            "people are": "person", "animals are": "animal", "fire is": "fire", "blood is": "blood",
            "a weapon is": "weapon", "a knife is": "knife", "a blade is": "blade", "a police officer is": "police",
            "a cook is": "cook", "a child is": "child", "explosives are": "explosive", "alcohol is": "alcohol",
            "a cigarette is": "tobacco", "tobacco is": "tobacco", "a gambling device is": "gambling",
            "money is": "money", "a skull is": "skull", "drugs are": "drug", "a health worker is": "doctor",
            "a person taking a bath is": "bath", "swimwear is": "swimwear",
        }.items()
    },
    "a slot machine is visible": Category((), (), frozenset([INDEX["slot machine"]])),
    # Of bones, coffins and gravestones it may be argued.
    "human remains are visible": Category(
        (), (), SKULLS, (CATEGORIES["remains"].members | CATEGORIES["remains"].arguable) - SKULLS
    ),
}  # fmt: skip
TOUCHING: Mapping[str, tuple[Category, Category]] = {
    "the body is on fire": (BODY, CATEGORIES["fire"]),
    "the body is bloody": (BODY, CATEGORIES["blood"]),
    "a person is holding a weapon": (CATEGORIES["person"], CATEGORIES["weapon"]),
    "the person is holding the blade": (CATEGORIES["person"], CATEGORIES["blade"]),
}


def drawn(out: Path, art: Path, constitution: Constitution, per_side: int, seed: int = 21) -> None:
    """Write the drawings and their truth into `out`, where they are not there yet."""
    if (out / METADATA).exists():
        return
    out.mkdir(parents=True, exist_ok=True)
    wanted = Counter({(rule.id, side): per_side for rule in constitution.rules for side in (True, False)})
    rows = []
    for picture, scene, found in _scenes(art, constitution, seed):
        side = next((one for one in _sides(found, constitution) if wanted[one] > 0), None)
        if side is None:
            continue
        wanted[side] -= 1
        name = f"{side[0]}-{'violating' if side[1] else 'borderline'}-{wanted[side]:02d}.png"
        picture.save(out / name)
        rows.append(
            {
                "file_name": name, "about": side[0], "side": "violating" if side[1] else "borderline",
                "unsafe": bool(found.violates), "violates": found.violates, "ok": found.ok, "holds": found.holds,
                "fails": found.fails, "shows": ", ".join(CONCEPTS[one] for one in scene.concepts),
            }
        )  # fmt: skip
        if not +wanted:
            break
    if missing := +wanted:
        print(f"too few scenes of {dict(missing)}", file=sys.stderr)
    write_whole(out / METADATA, "".join(json.dumps(row) + "\n" for row in rows))


def _scenes(art: Path, constitution: Constitution, seed: int) -> Iterator[tuple[Image.Image, Scene, Truth]]:
    """Scenes in which every rule is known."""
    sprites, generator = load_sprites(art, ["twemoji"]), torch.Generator().manual_seed(seed)
    for _ in range(MOST_SCENES // 64):
        batch = compose(sprites, 64, generator, "cpu", split="test")
        for pixels, scene in zip(batch.images, scenes_of(batch), strict=True):
            found = resolved(statements(scene), constitution)
            if len(found.violates) + len(found.ok) == len(constitution.rules):
                yield Image.fromarray(pixels.permute(1, 2, 0).numpy()), scene, found


def statements(scene: Scene) -> dict[str, bool]:
    """The truth of every statement that is beyond argument."""
    known = {text: truth.category(scene, wanted) for text, wanted in SHOWN.items()}
    known |= {text: truth.contact(scene, *pair).holds for text, pair in TOUCHING.items()}
    return {text: holds for text, holds in known.items() if holds is not None}


def _sides(found: Truth, constitution: Constitution) -> Iterator[tuple[str, bool]]:
    """What a drawing may stand for, rare things first; a safe one needs a part of a rule that has several."""
    for rule in sorted(constitution.rules, key=lambda one: -len(one.preconditions)):
        parts = {one.statement for group in rule.preconditions for one in group.any}
        if rule.id in found.violates:
            yield rule.id, True
        elif not found.violates and (len(rule.preconditions) == 1 or parts & set(found.holds)):
            yield rule.id, False


class Views:
    """An `Mllm` that is asked about mirrored and shifted copies, too; the log odds are averaged."""

    def __init__(self, mllm: Mllm, shifts: Sequence[tuple[int, int]], mirrored: bool) -> None:
        self._mllm, self._shifts, self._mirrored = mllm, shifts, mirrored

    @property
    def identity(self) -> ModelIdentity:
        known = self._mllm.identity
        return known.model_copy(update={"name": f"{known.name}, views {self._shifts} {self._mirrored}"})

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        views = {id(ask.image): self._of(ask.image) for ask in asks if ask.image is not None}
        plain = self._mllm.answer(asks)
        more: list[list[Answer]] = [[one] for one in plain]
        wanted = [(place, view) for place, ask in enumerate(asks) for view in views.get(id(ask.image), [])]
        asked = [Ask(view, asks[p].instruction, asks[p].statement, asks[p].answers) for p, view in wanted]
        for (place, _), answer in zip(wanted, self._mllm.answer(asked) if asked else [], strict=True):
            more[place].append(answer)
        return [_weighed(few[0], sum(logit(one.probability) for one in few) / len(few)) for few in more]

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        return self._mllm.reply(conversations, max_tokens=max_tokens, schema=schema)

    def _of(self, image: Image.Image) -> list[Image.Image]:
        found = [ImageOps.mirror(image)] if self._mirrored else []
        for right, down in self._shifts:
            pixels = np.pad(np.asarray(image.convert("RGB")), ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
            left, top = SHIFT - right, SHIFT - down
            found.append(Image.fromarray(pixels[top : top + image.height, left : left + image.width]))
        return found


class SecondOpinion:
    """An `Mllm` whose answers about what is visible are weighed with the detector's confidence in a box."""

    def __init__(self, mllm: Mllm, detector: Detector, words: Mapping[str, tuple[str, ...]], weights: Sequence[float]):
        self._mllm, self._detector, self._words, self._weights = mllm, detector, words, weights

    @property
    def identity(self) -> ModelIdentity:
        known = self._mllm.identity
        return known.model_copy(update={"name": f"{known.name}, second opinion {list(self._weights)}"})

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        found = []
        for ask, answer in zip(asks, self._mllm.answer(asks), strict=True):
            if ask.image is None or not ask.statement.endswith("visible") or ask.statement not in self._words:
                found.append(answer)
                continue
            box = confidence(self._detector, ask.image, self._words[ask.statement])
            own, seen, level = self._weights
            found.append(_weighed(answer, own * logit(answer.probability) + seen * logit(box) + level))
        return found

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        return self._mllm.reply(conversations, max_tokens=max_tokens, schema=schema)


def confidence(detector: Detector, image: Image.Image, words: Sequence[str]) -> float:
    """Of the surest box of any of the words."""
    return max(box.confidence for box in detector.detect(image, list(words)))


def _weighed(answer: Answer, odds: float) -> Answer:
    """An answer of these log odds, with as much probability on yes and no together as another one."""
    yes = float(torch.tensor(odds).sigmoid()) * answer.label_mass
    return Answer(p_yes=round(yes, 6), p_no=round(answer.label_mass - yes, 6))


def fitted(
    mllm: Mllm, detector: Detector, examples: Sequence[Example], words: Mapping[str, tuple[str, ...]]
) -> tuple[float, ...]:
    """Weights of the model's log odds and of the detector's, and a level, by logistic regression on these drawings."""
    rows: list[tuple[float, float, float]] = []
    for one in examples:
        image = Image.open(one.path).convert("RGB")
        texts = [text for text in one.statements if text.endswith("visible") and text in words]
        answers = mllm.answer([Ask(image, language_of(DEFAULT).instruction, text) for text in texts])
        for text, answer in zip(texts, answers, strict=True):
            seen = confidence(detector, image, words[text])
            rows.append((logit(answer.probability), logit(seen), float(one.statements[text])))
    table = torch.tensor(rows, dtype=torch.float64)
    weights = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64, requires_grad=True)
    inputs = torch.cat([table[:, :2], torch.ones(len(table), 1)], dim=1)
    best = torch.optim.LBFGS([weights], max_iter=200)

    def loss() -> torch.Tensor:
        best.zero_grad()
        found = torch.nn.functional.binary_cross_entropy_with_logits(inputs @ weights, table[:, 2])
        found.backward()  # type: ignore[no-untyped-call]
        return found

    best.step(loss)  # type: ignore[no-untyped-call]
    return tuple(round(one, 3) for one in weights.tolist())


def variants(judge: Judge, kept: CachedAnswers, chosen_on: Sequence[Example]) -> Iterator[JudgeMethod]:
    """The method as it is, and with one thing otherwise."""
    yield the_judge(judge, kept)
    shared, whole = kept.sharing(judge), all_enforced(judge.constitution)

    def of(name: str, *, model: Mllm = shared, escalate: Ladder | None = None, **changed: Any) -> JudgeMethod:
        thresholds = judge.settings.thresholds.model_copy(update=changed)
        settings = judge.settings.model_copy(update={"thresholds": thresholds, "escalate": escalate})
        other = judge.derive(constitution=whole, model=model, settings=settings)
        return JudgeMethod(other, name, "ablation", name)

    yield of("logit debiasing", debias="logit")
    for factor in (0.1, 0.5):
        yield of(f"prior_fails {factor}", prior_fails=factor)
    for factor in (0.65, 0.9):
        yield of(f"prior_holds {factor}", prior_holds=factor)
    yield of("no reasoning, what is open by the sign of its score", escalate=(), prior_fails=0.0, prior_holds=0.0)
    yield of("no regions", region_drop=1.0, small_object=0.0)
    yield of("relevance off", relevance=-1.0)
    yield of("mirrored view", model=Views(shared, [], True))
    yield of("mirrored and two shifted views", model=Views(shared, [(SHIFT, 0), (0, SHIFT)], True))
    eyes, words = load_owlv2(str(bundled_eyes()), judge.settings, "detector"), central_objects(whole)
    weights = fitted(shared, eyes, chosen_on, words)
    print(f"second opinion: weights {weights}", file=sys.stderr)
    yield of("detector as a second opinion", model=SecondOpinion(shared, eyes, words, weights))


def table(dataset: Dataset, found: Mapping[str, Sequence[Judgement]]) -> Iterator[str]:
    """A row per variant; F1 against that of the first, on each half."""
    halves = [dataset.examples[start::2] for start in (0, 1)]
    bootstrap, base = Bootstrap(), next(iter(found.values()))
    yield "| variant | F1 | to review | F1 less the method's, first half | second half | all |"
    yield "|---|---|---|---|---|---|"
    for name, said in found.items():
        own = scores([one.unsafe for one in dataset.examples], list(map(image_said, said)), bootstrap)
        differences = [
            compare(half, list(map(image_said, a)), list(map(image_said, b)), "clue", bootstrap).f1_difference
            for half, a, b in (
                (halves[0], said[::2], base[::2]), (halves[1], said[1::2], base[1::2]), (dataset.examples, said, base),
            )
        ]  # fmt: skip
        cells = [name, f"{own.f1.value:.3f}", f"{100 * (own.review_rate.value or 0):.0f} %", *map(_shown, differences)]
        yield f"| {' | '.join(cells)} |"


def _shown(one: Estimate) -> str:
    return f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]" if one.low is not None else "none"


def main() -> None:
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("out", type=Path)
    cli.add_argument("--art", type=Path, default=Path(".art"))
    cli.add_argument("--per-side", type=int, default=8, help="drawings of each rule that violate it, and that do not")
    args = cli.parse_args()
    constitution = load_constitution("demo")
    drawn(args.out / "drawings", args.art, constitution, args.per_side)
    dataset = load_dataset(str(args.out / "drawings"), constitution)
    judge, kept = load_judge(constitution, device="cpu", batch=32), CachedAnswers(args.out / "answers.sqlite")
    found: dict[str, list[Judgement]] = {}
    for one in variants(judge, kept, dataset.examples[::2]):
        for method, said in judged([one], dataset.examples, args.out / "judgements"):
            found[method.name] = said
            print(list(table(dataset, {"clue": found["clue"], method.name: said}))[-1], file=sys.stderr, flush=True)
    kept.close()
    print("\n".join(table(dataset, found)))


if __name__ == "__main__":
    main()
