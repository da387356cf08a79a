"""What is asked and answered beyond yes and no: listings, reasoning, JSON, whole policies, the compiler's tasks."""

from __future__ import annotations

import json
import random

from tools.train_bundled import questions, truth
from tools.train_bundled.art import CONCEPTS
from tools.train_bundled.questions import Statement, article
from tools.train_bundled.truth import Scene
from tools.train_bundled.vocabulary import CATEGORIES

# The first of each is the project's own wording (prompts/*.j2), used half of the time.
ASK = (
    "Judge only what the picture shows. Is this statement true of it? Answer with one word, Yes or No.\nStatement:",
    "Judge only what the image shows. Is this statement true of it? Answer with one word: Yes or No.\nStatement:",
    "Look at the picture. Is this statement true? Answer Yes or No.\nStatement:",
    "Is this statement true of the picture? Answer with one word, Yes or No.\nStatement:",
    "Judge only what can be seen in the picture. Is the following statement true? Answer Yes or No.\nStatement:",
    "Answer with one word, Yes or No. Is this true of the image?\nStatement:",
)
REASON = (
    "Judge only what the picture shows, not what it might mean. Name what you see, then decide step by step whether "
    "this statement is true.\nStatement:",
    "Judge only what the image shows. Name what you see first, then decide step by step whether the statement is "
    "true.\nStatement:",
    "Say what you see in the picture. Then decide step by step if this statement is true.\nStatement:",
)
SUMMARISE = (
    "Give the result as JSON with two keys: rating, which is Yes or No, and rationale, which is one sentence.",
    "Summarize the result as JSON with the keys rating (Yes or No) and rationale (one sentence).",
    "Now give JSON with two keys: rating, Yes or No, and rationale, one sentence.",
)
LIST = ("Name everything this picture shows.", "List everything that the image shows.", "What does the picture show?")
POLICY = (
    "Judge only what the picture shows. Does it break any of these rules? Answer with one word, Yes or No.\nRules:",
    "Does the picture break any of these rules? Answer Yes or No.\nRules:",
)
POLICY_STEPS = (
    "Judge only what the picture shows. Name what you see, then decide step by step whether it breaks any of these "
    "rules.\nRules:",
    "Say what the picture shows, then go through the rules step by step. Does it break any of them?\nRules:",
)


def wording(forms: tuple[str, ...], rng: random.Random) -> str:
    """The project's own words half of the time."""
    return forms[0] if rng.random() < 0.5 else rng.choice(forms)


def listing(scene: Scene) -> str:
    names = scene.names()
    return f"The image shows: {', '.join(names)}." if names else "The image shows: nothing."


def reasoning(scene: Scene, asked: Statement) -> str:
    """Naming first, then the one thing that decides, then the answer."""
    if asked.kind == "unknown":
        return f"{listing(scene)} {asked.why} So the statement is not true."
    verdict = "true" if asked.chance > 0.5 else "not true"
    return f"{listing(scene)} {asked.why} So the statement is {verdict}."


def summary(asked: Statement) -> str:
    rating = "Yes" if asked.kind != "unknown" and asked.chance > 0.5 else "No"
    return json.dumps({"rating": rating, "rationale": asked.why})


_RULE_SUBJECTS = (
    "weapon", "knife", "blade", "explosive", "alcohol", "tobacco", "drug", "gambling", "remains", "skull", "blood",
    "fire", "money", "swimwear", "bath", "animal", "child",
)  # fmt: skip
_ONE = ("No {a} may be shown.", "{A} must not be visible.", "The picture must not show {a}.", "{A} is not allowed.")
_TWO = (
    "No {a} may be shown together with {b}.", "{A} is not allowed when {b} is visible.",
    "No {b} may be shown with {a}.", "{A} is not allowed when {b} is visible in the same picture.",
)  # fmt: skip
_HELD = ("No {b} may be shown holding or touching {a}.", "No {b} may hold {a}.")
_BODY = {
    "fire": ("No person or animal may be shown with its body on fire.", "No body may be on fire."),
    "blood": ("No person or animal may be shown with blood on its body.", "No body may be bloody."),
}


def rule(rng: random.Random) -> tuple[str, str, str, str]:
    """A rule and how it is checked: text, kind (one, two, held, body), and the names of what it is about."""
    kind = rng.choice(("one", "one", "two", "held", "body"))
    first = rng.choice(_RULE_SUBJECTS)
    second = rng.choice(("child", "person", "animal", "money", "blood")) if kind == "two" else "person"
    if kind == "body":
        first = rng.choice(tuple(_BODY))
        return rng.choice(_BODY[first]), kind, first, "body"
    if kind == "held":
        first, second = rng.choice(_RULE_SUBJECTS[:8]), rng.choice(("person", "child"))
    if first == second:
        kind = "one"
    name, other = (rng.choice(CATEGORIES[word].singular) for word in (first, second))
    forms = {"one": _ONE, "two": _TWO, "held": _HELD}[kind]
    form = rng.choice(forms)
    bare_first, bare_second = "No {a}" in form, "No {b}" in form
    a, b = name if bare_first else article(name), other if bare_second else article(other)
    return form.format(a=a, A=article(name).capitalize(), b=b), kind, first, second


def broken(scene: Scene, kind: str, first: str, second: str) -> bool | None:
    """Whether the scene breaks a rule."""
    if kind == "body":
        return truth.contact(scene, questions.BODY, CATEGORIES[first]).holds
    if kind == "held":
        return truth.contact(scene, CATEGORIES[second], CATEGORIES[first]).holds
    one = truth.category(scene, CATEGORIES[first])
    if kind == "one" or one is False:
        return one
    two = truth.category(scene, CATEGORIES[second])
    return two if one else (False if two is False else None)


def policy(scene: Scene, rng: random.Random) -> tuple[str, bool, str]:
    """Rules as a numbered list, whether one is broken, and the reasoning; about half are broken."""
    number, want, found = rng.randint(1, 10), rng.random() < 0.5, []
    seen: set[str] = set()
    for _ in range(number * 6):
        text, kind, first, second = rule(rng)
        breaks = broken(scene, kind, first, second)
        if breaks is None or text in seen or (breaks and (not want or any(f[1] for f in found))):
            continue
        seen.add(text)
        found.append((text, breaks, kind, first, second))
        if len(found) >= number and (not want or any(f[1] for f in found)):
            break
    found = found[-number:] if not any(f[1] for f in found) else found[: number + 4]
    rng.shuffle(found)
    rules = "\n".join(f"{place}. {one[0]}" for place, one in enumerate(found, 1))
    hit = next((place for place, one in enumerate(found, 1) if one[1]), None)
    if hit is None:
        why = "No rule is broken. So the answer is No."
    else:
        _, _, kind, first, second = found[hit - 1]
        what = f"the {first} touches the {second}" if kind in ("held", "body") else f"there is {article(first)}"
        why = f"Rule {hit} is broken: {what}. So the answer is Yes."
    return rules, hit is not None, f"{listing(scene)} {why}"


_VAGUE = ("offensive", "disturbing", "inappropriate", "shocking", "tasteless", "harmful", "immoral", "ugly")
_RATE = "Rate how objective this rule is, from 1 to 10. Explain first, then give the rating.\nRule: {rule}"
_SPLIT = "Write this rule as a JSON list of statements that must all hold for a picture to break it.\nRule: {rule}"
_CENTRAL = "Name the objects that this statement is about, as a JSON list.\nStatement: {statement}"


def compiler_task(rng: random.Random) -> tuple[str, str]:
    """A text-only task over the grammar of rules: what is asked and what is answered."""
    text, kind, first, second = rule(rng)
    task = rng.randrange(3)
    if task == 0:
        if rng.random() < 0.5:
            return _RATE.format(rule=text), "It names only what can be seen. Rating: 9"
        word = rng.choice(_VAGUE)
        text = rng.choice((f"No {word} picture may be shown.", f"No {word} {rng.choice(CONCEPTS)} may be shown.",
                           f"Nothing {word} is allowed."))  # fmt: skip
        return _RATE.format(rule=text), f'The word "{word}" is a matter of opinion. Rating: 2'
    name, other = CATEGORIES[first].singular[0], "body" if kind == "body" else CATEGORIES[second].singular[0]
    if task == 1:
        parts = [f"{article(name)} is visible"]
        if kind in ("two", "held"):
            parts.insert(0, f"{article(other)} is visible")
        if kind == "held":
            parts.append(f"{article(other)} is holding {article(name)}")
        if kind == "body":
            parts = ["people or animals are visible", f"{first} is visible",
                     "the body is on fire" if first == "fire" else "the body is bloody"]  # fmt: skip
        return _SPLIT.format(rule=text), json.dumps(parts)
    statement = rng.choice((f"{article(name)} is visible", f"{article(other)} is holding {article(name)}"))
    about = [name] if "holding" not in statement else [other, name]
    return _CENTRAL.format(statement=statement), json.dumps(about)
