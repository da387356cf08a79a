"""How well a model reads scenes: by kind of question and by style of art, and whether its probabilities mean something.

python -m tools.train_bundled.evaluate --model DIR --art FOLDER --questions 3000 --out DIR
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import Any

import torch

from tools.train_bundled import dialogues, net, questions
from tools.train_bundled.art import CONCEPTS, SETS, TRAINING_SETS, VALIDATION_SETS, Sprites, load_sprites
from tools.train_bundled.pack import Row, Words, collate
from tools.train_bundled.scenes import compose
from tools.train_bundled.truth import Scene, scenes_of
from tools.train_bundled.vocabulary import CATEGORIES

KINDS = ("category", "object", "relation", "absent", "attribute")
_MIX = {"category": 0.22, "object": 0.2, "contact": 0.33, "body": 0.21, "attribute": 0.04}
MOST_ROUNDS = 400


@torch.inference_mode()
def answers(
    model: net.Net, words: Words, sprites: Sprites, device: str, generator: torch.Generator, rng: random.Random,
    number: int, scenes: int = 32, mix: dict[str, float] | None = None,
) -> list[tuple[str, float, float, str]]:  # fmt: skip
    """(kind, p yes, truth, key) of statements about new scenes, in the project's own wording."""
    batch = compose(sprites, scenes, generator, device, split="test")
    rows = []
    keys: list[str] = []
    for scene in scenes_of(batch):
        row = Row(words, has_image=True)
        head = row.say(f"USER: {dialogues.ASK[0]}", 0)
        for one in questions.ask(scene, rng, number, mix or _MIX):
            row.ask(f" {one.text} ASSISTANT:", head, one.chance, one.kind)
            keys.append(one.key)
        rows.append(row)
    packed = collate(rows).to(torch.device(device))
    hidden = model.read(packed, model.see(batch.images), words.image)
    logits = model.words(hidden[packed.ask_at]).float()
    chance = (logits[:, words.yes] - logits[:, words.no]).sigmoid()
    return list(zip(packed.kinds, chance.tolist(), packed.chance.tolist(), keys, strict=True))


def balanced(found: list[tuple[float, float]]) -> float | None:
    """Mean of the accuracy on true and on false statements; the one there is, where only one is."""
    sides = []
    for wanted in (0.0, 1.0):
        right = [(chance > 0.5) == bool(truth) for chance, truth in found if truth == wanted]
        if right:
            sides.append(sum(right) / len(right))
    return sum(sides) / len(sides) if sides else None


def calibration_error(found: list[tuple[float, float]], bins: int = 10) -> float:
    """Expected calibration error of p(yes)."""
    total = 0.0
    for index in range(bins):
        own = [(c, t) for c, t in found if index / bins <= c < (index + 1) / bins or (c == 1.0 and index == bins - 1)]
        if own:
            total += abs(sum(c for c, _ in own) - sum(t for _, t in own))
    return total / max(1, len(found))


def score(
    model: net.Net, words: Words, sprites: Sprites, device: str, rounds: int = 2, questions_a_scene: int = 12
) -> dict[str, float]:
    """One figure to judge a run by early: the same few hundred questions each time, before any temperature.

    `unseen_right` is the mean over the kinds of the balanced accuracy in %, `unseen_loss` the mean log loss.
    """
    generator, rng = torch.Generator(device).manual_seed(3), random.Random(3)
    found = [
        one for _ in range(rounds) for one in answers(model, words, sprites, device, generator, rng, questions_a_scene)
    ]
    by_kind = [balanced([(chance, truth) for own, chance, truth, _ in found if own == kind]) for kind in KINDS]
    right = [value for value in by_kind if value is not None]
    chance = torch.tensor([one[1] for one in found]).clamp(1e-4, 1 - 1e-4)
    loss = torch.nn.functional.binary_cross_entropy(chance, torch.tensor([one[2] for one in found]))
    return {"unseen_right": round(100 * sum(right) / len(right), 1), "unseen_loss": round(float(loss), 4)}


def fit_temperature(
    model: net.Net, words: Words, sprites: Sprites, device: str, generator: torch.Generator, scenes: int
) -> float:
    """What to divide the logits by, on new scenes of the art given: of a grid, the likeliest."""
    rng, found = random.Random(11), []
    for _ in range(max(1, scenes // 32)):
        found += answers(model, words, sprites, device, generator, rng, 16, min(32, scenes))
    chance = torch.tensor([f[1] for f in found]).clamp(1e-6, 1 - 1e-6)
    truth, logit = torch.tensor([f[2] for f in found]), chance.logit()
    grid = [0.5 + 0.05 * step for step in range(60)]
    scores = [float(torch.nn.functional.binary_cross_entropy_with_logits(logit / t, truth)) for t in grid]
    return grid[scores.index(min(scores))]


def style(model: net.Net, words: Words, sprites: Sprites, device: str, number: int, seed: int = 5) -> dict[str, Any]:
    """Accuracies by kind over `number` questions of each, and the calibration error over all."""
    generator, rng = torch.Generator(device).manual_seed(seed), random.Random(seed)
    found: dict[str, list[tuple[float, float, str]]] = {kind: [] for kind in KINDS}
    for _ in range(MOST_ROUNDS):
        for kind, chance, truth, key in answers(model, words, sprites, device, generator, rng, 24):
            if kind in found:
                found[kind].append((chance, truth, key))
        if min(len(found[kind]) for kind in ("category", "object", "relation", "absent")) >= number:
            break
    found = {kind: rows[:number] for kind, rows in found.items()}
    everything = [(chance, truth) for rows in found.values() for chance, truth, _ in rows]
    result: dict[str, Any] = {"questions": {kind: len(rows) for kind, rows in found.items()}}
    for kind, rows in found.items():
        value = balanced([(chance, truth) for chance, truth, _ in rows])
        result[kind] = None if value is None else round(100 * value, 1)
    result["ece"] = round(calibration_error(everything), 4)
    by_name: dict[str, list[tuple[float, float]]] = {}
    for chance, truth, key in found["category"]:
        by_name.setdefault(key, []).append((chance, truth))
    result["by_category"] = {
        name: round(100 * balanced(by_name[name]), 1) for name in sorted(by_name) if name in CATEGORIES
    }
    return result


@torch.inference_mode()
def beyond(model: net.Net, words: Words, sprites: Sprites, device: str, scenes: int) -> dict[str, float]:
    """Whole policies in one question, words never taught, and what is said without an image."""
    generator, rng = torch.Generator(device).manual_seed(7), random.Random(7)
    policies: list[tuple[float, float]] = []
    unknown: list[float] = []
    for _ in range(max(1, scenes // 16)):
        batch = compose(sprites, min(16, scenes), generator, device, split="test")
        rows = []
        for scene in scenes_of(batch):
            row = Row(words, has_image=True)
            rules, breaks, _ = dialogues.policy(scene, rng)
            row.ask(f"USER: {dialogues.POLICY[0]}\n{rules} ASSISTANT:", 0, float(breaks), "policy")
            name = rng.choice(questions.HELD_OUT_UNKNOWN)
            row.ask(f"USER: {dialogues.ASK[0]} {questions.article(name)} is visible ASSISTANT:", 0, 0.0, "unknown")
            rows.append(row)
        packed = collate(rows).to(torch.device(device))
        hidden = model.read(packed, model.see(batch.images), words.image)
        logits = model.words(hidden[packed.ask_at]).float()
        chance = (logits[:, words.yes] - logits[:, words.no]).sigmoid().tolist()
        for kind, value, truth in zip(packed.kinds, chance, packed.chance.tolist(), strict=True):
            if kind == "policy":
                policies.append((value, truth))
            else:
                unknown.append(value)
    ordered = sorted(unknown)
    return {
        "policy": round(100 * (balanced(policies) or 0), 1), "policy_ece": round(calibration_error(policies), 4),
        "unknown_word_p_yes_median": round(ordered[len(ordered) // 2], 3),
        "unknown_word_said_yes": round(100 * sum(value > 0.5 for value in unknown) / len(unknown), 1),
    }  # fmt: skip


def _say(llava: Any, processor: Any, turns: list[str], image: Any, most: int = 90) -> str:
    text = processor.tokenizer.bos_token + "<image>"
    for place, turn in enumerate(turns):
        text += (f"{' ' if place else ''}USER: {turn} ASSISTANT:") if place % 2 == 0 else f" {turn}</s>"
    inputs = processor(text=[text], images=[[image]], return_tensors="pt", add_special_tokens=False)
    inputs = {name: value.to(llava.device) for name, value in inputs.items()}
    with torch.inference_mode():
        out = llava.generate(**inputs, max_new_tokens=most, do_sample=False)
    return processor.tokenizer.decode(out[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True).strip()


def _named(text: str) -> set[str]:
    body = text.partition("shows:")[2].partition(".")[0]
    return {name.strip() for name in body.split(",") if name.strip() in CONCEPTS}


def _agrees(text: str, scene: Scene, asked: questions.Statement) -> bool | None:
    """Whether a conclusion follows from the model's own list, for a question about one category."""
    wanted = CATEGORIES.get(asked.key)
    if wanted is None:
        return None
    listed = {CONCEPTS.index(name) for name in _named(text)}
    holds = "statement is true" in text or "content is visible" in text  # as the first model said it
    fails = "statement is not true" in text or "content is not visible" in text
    if listed & wanted.members:
        return holds
    return None if listed & wanted.arguable else fails


def generated(folder: Path, sprites: Sprites, device: str, scenes: int = 100) -> dict[str, float]:
    """Listings, reasoning and JSON, written by the model as saved."""
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    llava = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).to(device).eval()
    processor = AutoProcessor.from_pretrained(folder)
    generator, rng = torch.Generator(device).manual_seed(9), random.Random(9)
    batch = compose(sprites, scenes, generator, device, split="test")
    hits = named = there = 0
    agreed, valid, right, tries = [], 0, 0, 0
    for index, scene in enumerate(scenes_of(batch)):
        image = Image.fromarray(batch.images[index].permute(1, 2, 0).cpu().numpy())
        said = _named(_say(llava, processor, [dialogues.LIST[0]], image))
        truth = set(scene.names())
        hits, named, there = hits + len(said & truth), named + len(said), there + len(truth)
        asked = questions.about_category(scene, rng, index % 2 == 0)
        if asked is None:
            continue
        question = f"{dialogues.REASON[0]} {asked.text}"
        why = _say(llava, processor, [question], image)
        agrees = _agrees(why, scene, asked)
        if agrees is not None:
            agreed.append(agrees)
        tries += 1
        try:
            given = json.loads(_say(llava, processor, [question, why, dialogues.SUMMARISE[0]], image))
            valid += set(given) == {"rating", "rationale"} and given["rating"] in ("Yes", "No")
            right += (given["rating"] == "Yes") == (asked.chance > 0.5)
        except (ValueError, TypeError):
            pass
    return {
        "listing_precision": round(100 * hits / max(1, named), 1),
        "listing_recall": round(100 * hits / max(1, there), 1),
        "reasoning_agrees_with_own_list": round(100 * sum(agreed) / max(1, len(agreed)), 1),
        "valid_json": round(100 * valid / max(1, tries), 1), "json_rating_right": round(100 * right / max(1, tries), 1),
    }  # fmt: skip


def seconds_a_question(folder: Path, device: str) -> float:
    """One yes/no question on one new image, milliseconds, the median of 20."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    llava = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).to(device).eval()
    processor = AutoProcessor.from_pretrained(folder)
    from PIL import Image

    took, image = [], Image.new("RGB", (256, 256), "white")
    for _ in range(20):
        began = time.perf_counter()
        _say(llava, processor, [f"{dialogues.ASK[0]} a weapon is visible"], image, most=1)
        took.append(time.perf_counter() - began)
    return round(1000 * sorted(took)[10], 1)


def report(
    folder: Path,
    styles: dict[str, Sprites],
    device: str,
    number: int,
    out: Path,
    about: dict[str, Any],
    written: int = 80,
) -> dict[str, Any]:
    """Measure a saved model on every style and write report.json and report.md."""
    model, words = net.load(folder).to(device).eval(), Words(folder)
    found: dict[str, Any] = {"about": about, "styles": {}}
    for place, (name, sprites) in enumerate(styles.items()):
        found["styles"][name] = style(model, words, sprites, device, number if place == 0 else max(1, number // 4))
        print(name, {k: v for k, v in found["styles"][name].items() if k != "by_category"}, flush=True)
    first = next(iter(styles))
    found["beyond"] = {"style": first, **beyond(model, words, styles[first], device, max(4, min(640, number)))}
    found["generated"] = {"style": first, **generated(folder, styles[first], device, min(written, max(4, number)))}
    found["milliseconds_a_question"] = seconds_a_question(folder, device)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(found, indent=1))
    (out / "report.md").write_text(markdown(found))
    return found


def markdown(found: dict[str, Any]) -> str:
    """The report as tables."""
    lines = ["# Evaluation", "", json.dumps(found["about"]), "",
             "Balanced accuracy in %, threshold 0.5; `absent` is the accuracy on relations of absent things.", "",
             f"| style | {' | '.join(KINDS)} | ECE | questions a kind |", "|---" * (len(KINDS) + 3) + "|"]  # fmt: skip
    for name, own in found["styles"].items():
        role = "" if name not in SETS else (" (never trained on)" if name in VALIDATION_SETS else " (trained on)")
        cells = " | ".join(str(own[kind]) for kind in KINDS)
        lines.append(f"| {name}{role} | {cells} | {own['ece']} | {own['questions']['relation']} |")
    lines += ["", "Whole policies and unknown words: " + json.dumps(found["beyond"])]
    lines += ["", "Generated text: " + json.dumps(found["generated"]), "",
              f"One yes/no question: {found['milliseconds_a_question']} ms.", ""]  # fmt: skip
    first = next(iter(found["styles"]))
    own = found["styles"][first]["by_category"]
    lines += [f"By category on {first}: " + ", ".join(f"{name} {value}" for name, value in own.items()), ""]
    return "\n".join(lines)


def main() -> None:
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("--model", type=Path, default=net.START)
    cli.add_argument("--art", type=Path, default=Path(".art"))
    cli.add_argument("--out", type=Path, required=True)
    cli.add_argument("--device", default="cpu")
    cli.add_argument("--questions", type=int, default=3000)
    cli.add_argument("--styles", nargs="+", default=[*VALIDATION_SETS, *TRAINING_SETS])
    cli.add_argument("--written", type=int, default=80, help="scenes for listing, reasoning and JSON")
    args = cli.parse_args()
    styles = {name: load_sprites(args.art, [name]) for name in args.styles}
    report(args.model, styles, args.device, args.questions, args.out, {"model": args.model.name}, args.written)


if __name__ == "__main__":
    main()
