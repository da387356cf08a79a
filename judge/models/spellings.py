"""Which tokens spell yes and no. Found in the tokenizer's own vocabulary, never written down as ids."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from judge.errors import UserError
from judge.languages import ENGLISH, Answers

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SPACE_MARKS = str.maketrans({"\u0120": " ", "\u2581": " "})  # of byte-level BPE and of SentencePiece


def single_token_spellings(tokenizer: PreTrainedTokenizerBase, words: Iterable[str]) -> list[int]:
    """Ids of every token that decodes to one of `words` up to letter case and spaces around it.

    `Yes`, ` Yes`, `yes` and `YES` are different tokens, and a model spreads its answer over them. What counts is
    what a token decodes to, not how the vocabulary writes it: byte-level vocabularies write each byte of a letter
    outside ASCII as a letter of its own.
    """
    wanted = {folded(word) for word in words}
    longest = max(len(word.encode()) for word in wanted) + 4  # room for a space mark before and after
    special = set(tokenizer.all_special_ids)
    found = []
    for token, index in tokenizer.get_vocab().items():
        if len(token) <= 2 * longest and index not in special:
            text = token.translate(_SPACE_MARKS)
            if text.isascii() and folded(text) not in wanted:
                continue  # most tokens: spares decoding a whole vocabulary
            if folded(str(tokenizer.decode([index]))) in wanted:
                found.append(index)
    return sorted(found)


def yes_no_tokens(tokenizer: PreTrainedTokenizerBase, answers: Answers = ENGLISH) -> tuple[list[int], list[int]]:
    """Token ids that spell yes in the language of `answers`, and those that spell no.

    Raises:
        UserError: the tokenizer has no single token for one of them.
    """
    yes, no = (single_token_spellings(tokenizer, words) for words in (answers.yes, answers.no))
    if not yes or not no:
        lacking = " or ".join(f"'{word.casefold()}'" for word in (answers.no if yes else answers.yes))
        raise UserError(
            f"the model's tokenizer has no single token for {lacking}, so it cannot be asked in language "
            f"'{answers.language}'",
            hint="choose another model"
            if answers.language == ENGLISH.language
            else "choose a model that speaks the language, or a constitution in English",
        )
    return yes, no


def folded(text: str) -> str:
    """`text` without what spellings may differ in: case, spaces around it, and how an accent joins its letter."""
    return unicodedata.normalize("NFC", text.strip().casefold())
