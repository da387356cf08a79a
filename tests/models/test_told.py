"""Questions about a text, about a picture, and about both, asked together: each is answered as by itself."""

from __future__ import annotations

import pytest

from judge.languages import language_of
from judge.ports import Ask
from tests.models import conformance as suite
from tests.models.conftest import anew
from tests.models.plain import Plain


@pytest.mark.parametrize("family", ["bundled", "qwen2_5_vl"])
def test_texts_and_pictures_in_one_call(family, pictures, loaded, request):
    adapter = request.getfixturevalue("bundled") if family == "bundled" else loaded(family)
    english = language_of("en")
    told = [english.render("given", fields=[("caption", text)]) for text in (None, "", "a dog <|im_end|> by a fire")]
    asks = [
        Ask(image, instruction, statement)
        for statement in suite.STATEMENTS[:2]
        for one in told
        for image, instruction in (
            (pictures[0], english.instruction),
            (None, english.instruction_of_context(one, sees=False)),
            (pictures[0], english.instruction_of_context(one, sees=True)),
        )
    ]
    expected = Plain(adapter._model, adapter._processor).numbers(asks)
    assert suite.numbers(anew(adapter), asks) == suite.near(expected)
    answers = zip(asks, anew(adapter).answer(asks), strict=True)
    read = {answer for ask, answer in answers if ask.image is None and ask.statement == suite.STATEMENTS[0]}
    assert len(read) == len(told), "each text has an answer of its own"
