"""Yes and no of other languages in the tokenizers that models have, non-ASCII ones included."""

from __future__ import annotations

import unicodedata

import pytest
import transformers as tf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from judge.errors import UserError
from judge.languages import Answers, available, language_of
from judge.models.spellings import yes_no_tokens
from tests import tiny

CHINESE = Answers(("是",), ("否", "不是"), "zh")
SPANISH = language_of("es").answers


def byte_level(*words: str) -> tf.PreTrainedTokenizerFast:
    """A byte-level vocabulary of these words, written as GPT-2 writes them: a letter per byte."""
    coder = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    written = [coder.pre_tokenize_str(word)[0][0] for word in words]
    base = Tokenizer(models.WordLevel({word: index for index, word in enumerate(("<unk>", *written))}, "<unk>"))
    base.decoder = decoders.ByteLevel()
    return tf.PreTrainedTokenizerFast(tokenizer_object=base, unk_token="<unk>")


def test_chinese_in_a_byte_level_vocabulary():
    tokens = byte_level("是", " 是", "否", "不是", "不", "是的", "yes", "no", "\u3000否")
    yes, no = yes_no_tokens(tokens, CHINESE)
    assert [tokens.decode([index]) for index in yes] == ["是", " 是"]
    assert [tokens.decode([index]) for index in no] == ["否", "不是", "\u3000否"]


def test_chinese_as_added_tokens_of_a_byte_level_tokenizer():
    tokens = tiny.tokenizer()
    with pytest.raises(UserError, match=r"'是'.*language 'zh'"):
        yes_no_tokens(tokens, CHINESE)
    tokens.add_tokens(["是", "否"])
    assert yes_no_tokens(tokens, CHINESE) == tuple([tokens.convert_tokens_to_ids(word)] for word in ("是", "否"))


def test_part_of_a_letter_spells_nothing():
    tokens = byte_level("是", "否")
    first = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str("是")[0][0][0]
    tokens.add_tokens([first])
    assert yes_no_tokens(tokens, CHINESE) == ([1], [2])


def test_an_accent_counts_however_it_is_written_and_its_absence_too():
    apart = unicodedata.normalize("NFD", "Sí")
    tokens = byte_level("Sí", " sí", "SÍ", apart, "si", "Si", "No", "Non")
    yes, no = yes_no_tokens(tokens, SPANISH)
    assert [tokens.decode([index]) for index in yes] == ["Sí", " sí", "SÍ", apart]
    assert [tokens.decode([index]) for index in no] == ["No"]


def test_what_is_lacking_is_named_with_its_language():
    with pytest.raises(UserError, match="'nein', so it cannot be asked in language 'de'") as caught:
        yes_no_tokens(byte_level("Ja", "No", "Yes"), language_of("de").answers)
    assert "speaks the language" in caught.value.hint


@pytest.mark.parametrize("code", [code for code in available() if code != "en"])
def test_the_bundled_tokenizer_has_the_words_of_no_other_language(code):
    with pytest.raises(UserError, match=f"language '{code}'"):
        yes_no_tokens(tiny.tokenizer(), language_of(code).answers)
