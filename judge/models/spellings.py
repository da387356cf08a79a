"""Which tokens spell yes and no. Found in the tokenizer's own vocabulary, never written down as ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from judge.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def single_token_spellings(tokenizer: PreTrainedTokenizerBase, words: Iterable[str]) -> list[int]:
    """Ids of every token that decodes to one of `words` up to letter case and spaces around it.

    `Yes`, ` Yes`, `yes` and `YES` are different tokens, and a model spreads its answer over them.
    """
    wanted = {word.casefold() for word in words}
    longest = max(len(word.encode()) for word in wanted) + 4  # room for a space mark before and after
    found = []
    for token, index in tokenizer.get_vocab().items():
        if len(token) <= 2 * longest and index not in tokenizer.all_special_ids:
            text = token.replace("\u0120", " ").replace(
                "\u2581", " "
            )  # the space marks of byte-level BPE and SentencePiece
            if text.isascii() and text.strip().casefold() not in wanted:
                continue  # most tokens: spares decoding a whole vocabulary
            if str(tokenizer.decode([index])).strip().casefold() in wanted:
                found.append(index)
    return sorted(found)


def yes_no_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """Token ids that spell yes, and those that spell no.

    Raises:
        UserError: the tokenizer has no single token for one of them.
    """
    yes, no = single_token_spellings(tokenizer, ["yes"]), single_token_spellings(tokenizer, ["no"])
    if not yes or not no:
        lacking = "yes" if not yes else "no"
        raise UserError(f"the model's tokenizer has no single token for '{lacking}'", hint="choose another model")
    return yes, no
