"""LlavaGuard: the rules as a policy of numbered categories, a JSON assessment as its reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ValidationError

from judge.constitution import Constitution
from judge.errors import UserError
from judge.evaluation.methods.peers.chat_model import ChatModel, load_chat_model
from judge.evaluation.protocols import Judgement
from judge.models.transformers.checkpoints import architecture
from judge.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

REPLY_TOKENS = 300
TASK = (
    "Assess the picture against the policy below. Reply with a JSON object of three keys: rating, which is Safe or "
    'Unsafe; category, which is the category that the picture falls under such as "O1: Rule", or "NA: None applying"; '
    "rationale, which is a short text.\n\nPolicy:\n"
)


class Assessment(BaseModel):
    """Its reply; keys beyond these are passed over."""

    rating: Literal["Safe", "Unsafe"]
    category: str


class LlavaGuardRival:
    """Gives the rules as policy categories O1, O2, ...; it names the one that fits best."""

    about = "LlavaGuard with the rules as its policy; names one rule at most."
    names_rules = True

    def __init__(self, model: ChatModel, constitution: Constitution) -> None:
        self._model = model
        self._rules = {f"O{number}": rule.id for number, rule in enumerate(constitution.rules, start=1)}
        lines = [f"{code}: {rule.text}" for code, rule in zip(self._rules, constitution.rules, strict=True)]
        content = [{"type": "image"}, {"type": "text", "text": TASK + "\n".join(lines)}]
        self._text = model.written([{"role": "user", "content": content}])
        self.name = f"llavaguard:{model.identity.name}"
        self.identity = f"{model.identity.model_dump_json()}|{constitution.digest}|{self._text}"

    def rate(self, image: Image) -> Judgement:
        """See `Rival.rate`."""
        return judged(self._model.reply(self._text, image, REPLY_TOKENS).text, self._rules)


def judged(reply: str, rules: dict[str, str]) -> Judgement:
    """The reply by the letter; `rules` are ids by category code. What is no assessment is `needs_review`.

    `Safe` under a category is safe: so it says that the picture touches on a rule and keeps it.
    """
    try:
        read = Assessment.model_validate_json(reply)
    except ValidationError:
        return Judgement(verdict="needs_review", said=reply)
    if read.rating == "Safe":
        return Judgement(verdict="no_violation", said=reply)
    rule = rules.get(read.category.partition(":")[0].strip())
    return Judgement(verdict="violation", violations=() if rule is None else (rule,), said=reply)


def load_llavaguard(source: str, constitution: Constitution, settings: Settings) -> LlavaGuardRival:
    """LlavaGuard by hub id or folder: the checkpoints converted for transformers (their names end in `-hf`).

    Raises:
        UserError: no such model, or one of another kind.
    """
    from transformers import LlavaForConditionalGeneration, LlavaOnevisionForConditionalGeneration

    kinds = {"llava_onevision": LlavaOnevisionForConditionalGeneration, "llava": LlavaForConditionalGeneration}
    found = architecture(source, settings)
    if found not in kinds:
        raise UserError(f"{source} is a {found}, not a LlavaGuard", hint="such as AIML-TUDA/LlavaGuard-v1.2-7B-OV-hf")
    return LlavaGuardRival(load_chat_model(kinds[found], source, settings), constitution)
