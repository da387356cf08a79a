"""Constrained replies: what is admitted is what outlines' own processor admits, and no compiler is loaded for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import outlines
import pytest
import torch
from outlines.backends.outlines_core import OutlinesCoreBackend
from outlines_core import Guide, Index

from judge.models.constrained import json_pattern, pattern_processor
from judge.models.transformers.mllm import load_mllm
from tests import forking
from tests.models.conftest import FULL

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = {"type": "object", "properties": {"a": {"enum": ["yes", "no"]}}, "required": ["a"]}
REPLY = """
import json, sys, warnings
warnings.simplefilter("error")
from judge.ports import Conversation, Turn
from judge.models.transformers.mllm import load_mllm
from judge.settings import Settings
model = load_mllm(sys.argv[1], Settings(dtype="float32", device="cpu"))
talk = Conversation(None, (Turn("user", "Answer."),))
print(json.dumps(model.reply([talk], max_tokens=40, schema=json.loads(sys.argv[2]))))
print("torch._inductor.compile_fx" in sys.modules)
"""


def test_a_reply_keeps_to_the_schema_and_loads_no_compiler(checkpoint):
    done = forking.run([sys.executable, "-c", REPLY, str(checkpoint("llava")), json.dumps(SCHEMA)], cwd=ROOT)
    assert done.stderr == ""
    reply, loaded = done.stdout.splitlines()
    assert json.loads(json.loads(reply)[0])["a"] in ("yes", "no")
    assert loaded == "False"  # outlines' own processor loads it (and compiles) at the first token


@pytest.mark.parametrize("pattern", ["[ab]{2}", json_pattern(json.dumps(SCHEMA))])
def test_it_admits_what_the_automaton_does(checkpoint, pattern):
    """Two rows that go different ways, to the end; `get_tokens` is the automaton's own list."""
    model = load_mllm(str(checkpoint("llava")), FULL)
    constraint = pattern_processor(model._model, model._processor, pattern)
    backend = OutlinesCoreBackend(outlines.from_transformers(model._model, model._processor))
    guides = [Guide(Index(pattern, backend.vocabulary)) for _ in range(2)]
    vocabulary = model._model.config.text_config.vocab_size
    ids = torch.zeros((2, 3), dtype=torch.long)
    for _ in range(40):
        masked = constraint(ids, torch.zeros((2, vocabulary)))
        for row, guide in zip(masked, guides, strict=True):
            assert row.isfinite().nonzero().flatten().tolist() == sorted(guide.get_tokens())
        if all(guide.is_finished() for guide in guides):
            break
        admitted = [sorted(guide.get_tokens()) for guide in guides]
        chosen = [admitted[0][0], admitted[1][-1]]
        for guide, token in zip(guides, chosen, strict=True):
            if not guide.is_finished():
                guide.advance(token)
        ids = torch.tensor(chosen)[:, None]
    else:
        pytest.fail("the pattern has no end")


def test_after_a_reset_a_batch_of_another_size_starts_anew(checkpoint):
    model = load_mllm(str(checkpoint("llava")), FULL)
    constraint = pattern_processor(model._model, model._processor, "ab")
    vocabulary = model._model.config.text_config.vocab_size
    first = constraint(torch.zeros((1, 1), dtype=torch.long), torch.zeros((1, vocabulary + 70)))
    assert not first[:, vocabulary:].isfinite().any()  # some models' heads are wider than their vocabulary
    constraint(first.argmax(-1)[:, None], torch.zeros((1, vocabulary)))
    constraint.reset()
    again = constraint(torch.zeros((3, 1), dtype=torch.long), torch.zeros((3, vocabulary + 70)))
    assert torch.equal(again, first.expand(3, -1))
