"""What can be seen of a loaded model for a probe: plain passes beside the judge's own, prompts, weights, memory.

Nothing here shares a prefix or keeps a cache: it is what sharing is held against.
"""

from __future__ import annotations

import math
import resource
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from judge.languages import Answers
from judge.models.transformers.chat import Chat, Inputs
from judge.models.transformers.internals import forget_positions, is_packed, unpacked_size
from judge.models.transformers.quiet import quiet
from judge.ports import Ask, Conversation, Greedy, Likely, LogChances, Prompted

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LEAST = 1e-12  # under any probability that counts
_GIB = 2**30
Chances = Callable[[Sequence[Ask]], list[tuple[float, float]]]
Spellings = Callable[[Answers], tuple[list[int], list[int]]]


class TransformersInside:
    """See `judge.ports.Inside`.

    chances: p(yes) and p(no) per ask as the judge has them. spellings: token ids of yes, and of no. sharing: whether
    the judge shares prefixes.
    """

    def __init__(
        self, model: PreTrainedModel, chat: Chat, chances: Chances, spellings: Spellings, sharing: Callable[[], bool]
    ) -> None:
        self._model, self._chat, self._chances, self._spellings = model, chat, chances, spellings
        self._sharing = sharing

    @property
    def bos(self) -> int | None:
        """See `protocols.Inside`."""
        bos = self._chat.tokenizer.bos_token_id
        if bos is None:
            return None
        written = self._chat.render([("user", "a")], has_image=False).startswith(self._chat.tokenizer.bos_token)
        return bos if written or self._chat.tokenizer("a")["input_ids"][:1] == [bos] else None

    @property
    def longest(self) -> int | None:
        """See `protocols.Inside`."""
        return getattr(self._model.config.get_text_config(), "max_position_embeddings", None)

    @property
    def window(self) -> int | None:
        """See `protocols.Inside`."""
        config = self._model.config.get_text_config()
        slides = any("sliding" in kind or "chunked" in kind for kind in getattr(config, "layer_types", None) or ())
        found = getattr(config, "sliding_window", None) or getattr(config, "attention_chunk_size", None)
        return found if slides else None

    @property
    def shares(self) -> bool:
        """See `protocols.Inside`."""
        return self._sharing()

    def tail(self, instruction: str) -> str:
        """See `protocols.Inside`."""
        return self._chat.split(instruction, True)[1]

    def prompted(self, ask: Ask) -> Prompted:
        """See `protocols.Inside`."""
        head, tail = self._chat.split(ask.instruction, ask.image is not None)
        first = self._chat.inputs([head], [ask.image])["input_ids"][0].tolist()
        whole = self._whole(ask)["input_ids"][0].tolist()
        ids = (*first, *self._chat.tokens(f" {ask.statement}{tail}"))
        return Prompted(ids, tuple(whole), whole.count(self._chat.image_token))

    def shared(self, asks: Sequence[Ask]) -> list[LogChances]:
        """See `protocols.Inside`."""
        return [(_log(yes), _log(no)) for yes, no in self._chances(asks)]

    def alone(self, ask: Ask) -> LogChances:
        """See `protocols.Inside`."""
        logits = self._logits(ask).log_softmax(-1)
        yes, no = (float(logits[ids].logsumexp(-1)) for ids in self._spellings(ask.answers))
        return max(yes, math.log(_LEAST)), max(no, math.log(_LEAST))

    def likeliest(self, ask: Ask, count: int) -> list[Likely]:
        """See `protocols.Inside`."""
        chances, ids = self._logits(ask).softmax(-1).topk(count)
        counting = {index for spelled in self._spellings(ask.answers) for index in spelled}
        return [
            Likely(str(self._chat.tokenizer.decode([index])), chance, index in counting)
            for chance, index in zip(chances.tolist(), ids.tolist(), strict=True)
        ]

    def generated(self, talk: Conversation, max_tokens: int) -> Greedy:
        """See `protocols.Inside`."""
        text = self._chat.render([(turn.role, turn.text) for turn in talk.turns], talk.image is not None)
        inputs = self._chat.inputs([text], [talk.image])
        forget_positions(self._model)
        with quiet(), torch.inference_mode():
            made: Any = self._model.generate(
                **inputs,
                max_new_tokens=max_tokens,
                do_sample=False,
                num_beams=1,
                repetition_penalty=1.0,
                no_repeat_ngram_size=0,
                pad_token_id=self._chat.pad,
                eos_token_id=sorted(self._chat.stop) or None,
                output_logits=True,
                return_dict_in_generate=True,
            )
        ids = made.sequences[0, inputs["input_ids"].shape[1] :].tolist()
        best = [logits[0].float().topk(2).values.tolist() for logits in made.logits]
        texts = (self._chat.text(ids[: step + 1]) for step in range(len(ids)))
        return Greedy(tuple(texts), tuple(first - second for first, second in best))

    def weights(self) -> dict[str, int]:
        """See `protocols.Inside`. Packed formats keep their weights in buffers or in a shape of their own."""
        held: Counter[str] = Counter()
        for tensor in self._model.parameters():
            held[_format(tensor)] += unpacked_size(tensor)
        for name, tensor in self._model.named_buffers():
            if name.endswith(("qweight", "weight_packed")):
                held["packed"] += tensor.numel() * tensor.element_size() * 2  # 4 bits a weight
        return dict(held)

    def peak_memory_gib(self) -> float:
        """See `protocols.Inside`: of the GPU where the model is on one, else resident in the process."""
        if self._model.device.type == "cuda":
            return torch.cuda.max_memory_allocated() / _GIB
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _GIB

    def _whole(self, ask: Ask) -> Inputs:
        text = self._chat.render([("user", f"{ask.instruction} {ask.statement}")], ask.image is not None)
        return self._chat.inputs([text], [ask.image])

    def _logits(self, ask: Ask) -> torch.Tensor:
        """Next-token logits, float32, (vocabulary,), of one pass over everything."""
        forget_positions(self._model)
        with quiet(), torch.inference_mode():
            output: Any = self._model(**self._whole(ask), use_cache=False, logits_to_keep=1)
        logits: torch.Tensor = output.logits[0, -1].float().cpu()
        return logits


def _format(tensor: torch.Tensor) -> str:
    if is_packed(tensor):
        return "4bit"
    return "8bit" if tensor.dtype == torch.int8 else str(tensor.dtype).removeprefix("torch.")


def _log(probability: float) -> float:
    return math.log(max(probability, _LEAST))
