"""Spellings of yes and no: every single token that reads as the word, in vocabularies of several kinds."""

from __future__ import annotations

import pytest
import transformers as tf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from judge.errors import UserError
from judge.models.spellings import single_token_spellings, yes_no_tokens
from tests import tiny


def sentencepiece(*words: str) -> tf.PreTrainedTokenizerFast:
    """A tokenizer with SentencePiece's space mark and these words."""
    vocabulary = {word: index for index, word in enumerate(("<unk>", "<s>", *words))}
    base = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    base.pre_tokenizer = pre_tokenizers.Metaspace()
    base.decoder = decoders.Metaspace()
    return tf.PreTrainedTokenizerFast(tokenizer_object=base, unk_token="<unk>", bos_token="<s>")


def texts(tokens, ids):
    return sorted(tokens.convert_ids_to_tokens(ids))


def test_the_bundled_tokenizer(bundled):
    yes, no = yes_no_tokens(bundled._processor.tokenizer)
    assert texts(bundled._processor.tokenizer, yes) == ["Yes", "ĠYes"]
    assert texts(bundled._processor.tokenizer, no) == ["No", "no", "ĠNo", "Ġno"]


def test_no_spelling_is_missed(loaded):
    """The same as decoding every token there is."""
    tokens = loaded("qwen3_vl")._processor.tokenizer
    assert yes_no_tokens(tokens) == (tiny.all_token_ids(tokens, ["yes"]), tiny.all_token_ids(tokens, ["no"]))


def test_many_spellings_and_none_that_only_begins_so():
    tokens = sentencepiece("▁Yes", "Yes", "yes", "▁YES", "yes▁", "Yesterday", "▁No", "NO", "▁no", "None", "not", "▁n")
    yes, no = yes_no_tokens(tokens)
    assert texts(tokens, yes) == sorted(["▁Yes", "Yes", "yes", "▁YES", "yes▁"])
    assert texts(tokens, no) == sorted(["▁No", "NO", "▁no"])


def test_bytelevel_white_space_around_the_word():
    base = Tokenizer(models.WordLevel({"<unk>": 0, "Ċyes": 1, "ĠyesĠ": 2, "no": 3, "yes.": 4}, unk_token="<unk>"))
    base.decoder = decoders.ByteLevel()
    tokens = tf.PreTrainedTokenizerFast(tokenizer_object=base, unk_token="<unk>")
    assert yes_no_tokens(tokens) == ([1, 2], [3])


def test_a_special_token_spells_nothing():
    tokens = sentencepiece("yes", "no")
    tokens.add_special_tokens({"eos_token": "Yes"})
    assert yes_no_tokens(tokens)[0] == [tokens.convert_tokens_to_ids("yes")]


def test_words_of_other_scripts():
    tokens = sentencepiece("▁да", "Да", "нет", "yes")
    assert texts(tokens, single_token_spellings(tokens, ["да"])) == ["Да", "▁да"]


@pytest.mark.parametrize(("words", "lacking"), [(["yes", "nope"], "no"), (["ye", "no"], "yes")])
def test_a_vocabulary_without_one_of_them_is_refused(words, lacking):
    with pytest.raises(UserError, match=f"'{lacking}'") as caught:
        yes_no_tokens(sentencepiece(*words))
    assert caught.value.hint
