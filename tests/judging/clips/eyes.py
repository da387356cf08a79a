"""A model that sees how red a picture is in its middle, for clips whose violation is known frame by frame."""

from __future__ import annotations

from judge.constitution import parse_constitution
from judge.errors import ModelError
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedMllm
from judge.ports import Ask, checked_answer
from judge.settings import Settings
from judge.verdict import Answer

RED = "id: red, rule: Nothing may be red., preconditions: [it is red]"
BLUE = "id: blue, rule: Nothing may be blue., preconditions: [it is blue]"


class Eyes(ScriptedMllm):
    """Yes where the middle of a picture has the statement's colour, no where it is white or black, and neither where it
    is grey. It fails on green."""

    def __init__(self) -> None:
        super().__init__(priors={"it is red": 0.5, "it is blue": 0.5})
        self.seen = 0

    def _one(self, ask: Ask) -> Answer:
        if ask.image is None:
            return super()._one(ask)
        self.seen += 1
        image = ask.image.convert("RGB")
        red, green, blue = image.getpixel((image.width // 2, image.height // 2))
        if green > 100 > max(red, blue):
            raise ModelError("the model does not like green", retryable=True)
        if 90 < red < 160 and abs(red - blue) < 30:
            return checked_answer(0.5, 0.5)
        wanted = red > 150 > max(green, blue) if "red" in ask.statement else blue > 150 > max(red, green)
        return checked_answer(0.98, 0.02) if wanted else checked_answer(0.02, 0.98)


def judge_of(*rules: str, **settings: object) -> Judge:
    """A judge with such eyes."""
    lines = "\n".join(f"  - {{{rule}}}" for rule in rules)
    constitution = parse_constitution(f"constitution: test\nversion: 1.0.0\nrules:\n{lines}\n")
    return Judge(constitution, Eyes(), settings=Settings.model_validate({"escalate": (), **settings}))
