"""Whether a checkpoint's configuration and its weights are of one model. transformers fills what is missing with random
numbers, passes over what nothing takes, and goes on: with fewer layers than were trained, it answers all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from judge.errors import UserError
from judge.models.transformers.weights import Weight

_LEFT_OUT = re.compile(
    r"""
      (^|\.)(original_)?inv_freq$                       # computed anew from the configuration
    | (^|\.)position_ids$
    | (^|\.)num_batches_tracked$
    | (^|\.)(mtp|nextn|draft_model|eagle|medusa)\w*\.   # layers that guess ahead, for speed alone
    | (^|\.)vision_(tower|model)\.(.+\.)?head\.         # sums a picture up in one vector, which no question reads
    | \.(input|output|q|k|v|kv)_(scale|zero_point)$     # statistics for computing, or keeping, in fewer bits
    """,
    re.VERBOSE,
)
TO_LOAD = (0.0, 2.0)  # what is in between differs by names, which the library tells once it has loaded the model
UNREAD = (0.99, 1.01)  # files may keep some buffers, or leave them out
_REPLACED = re.compile(r"(image|video|audio)_token_(id|index)$")
_LAYER = re.compile(r"(?:^|\.)layers\.(\d+)\.")
_WRONG = (
    "a size, a number of layers or a vocabulary in config.json is wrong, or the files are of another model: get it "
    "again"
)
_INCOMPLETE = "the files are incomplete, or are of another kind of model"
_RENAMED = (
    "the files are incomplete, or `quantization_config` in config.json names parts that stay in full as an older "
    "transformers did (`ignore`, `modules_to_not_convert`): load it with that one, or serve it and name the address: "
    "--model http://HOST:PORT/v1"
)


def check_count(source: str, config: Any, model: Any, stored: Mapping[str, Weight], times: tuple[float, float]) -> None:
    """Compare how many numbers a configuration asks for with how many the files hold: their names differ in families
    that transformers renamed, their count does not.

    model: what the configuration describes, without weights. stored: nothing where it is not known.
    times: the least and the most numbers that may be asked for, as multiples of those that are there.

    Raises:
        UserError: there are far more of the ones or of the others, with both counts.
    """
    tensors = {id(tensor): tensor.numel() for tensor in model.state_dict(keep_vars=True).values()}  # tied ones once
    wanted, held = sum(tensors.values()), sum(stored[name].count for name in _unused(stored, config))
    if stored and not times[0] * held <= wanted <= times[1] * held:
        raise UserError(
            f"cannot load {source}: config.json does not fit the weights: it describes a model of {wanted:,} numbers, "
            f"and the files hold {held:,}",
            hint=_WRONG,
        )


def check_fit(source: str, config: Any, report: Mapping[str, Any]) -> None:
    """Compare what a configuration asks for with what the files hold.

    report: what `from_pretrained(output_loading_info=True)` tells of a model.

    Raises:
        UserError: weights are of another shape, are missing, or are taken by nothing, with the name of one.
    """
    if report["mismatched_keys"]:
        name, stored, wanted = sorted(report["mismatched_keys"])[0]
        raise UserError(
            f"cannot load {source}: config.json does not fit the weights: {name} is of shape {_shape(stored)}, and by "
            f"config.json it would be {_shape(wanted)}",
            hint=_WRONG,
        )
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise UserError(
            f"cannot load {source}: {len(missing)} of its weights are missing, such as {missing[0]}",
            hint=_RENAMED if _said_to_be_quantised(config) else _INCOMPLETE,
        )
    if unused := sorted(_unused(report["unexpected_keys"], config)):
        raise UserError(
            f"cannot load {source}: config.json does not fit the weights: by config.json nothing takes {len(unused)} "
            f"of them, such as {unused[0]}",
            hint=_WRONG,
        )


def check_tokens(source: str, tokenizer: Any, model: Any) -> None:
    """Whether a model has numbers for every token that its tokenizer knows; more of them than tokens is usual. Left out
    are tokens that stand for a picture or a film, which its own numbers replace.

    Raises:
        UserError: there are tokens without, with the name of one.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    replaced = {number for name, number in vars(model.config).items() if _REPLACED.match(name)}
    beyond = {number: token for token, number in tokenizer.get_vocab().items() if number >= rows}
    if wrong := sorted(beyond.keys() - replaced):
        raise UserError(
            f"cannot load {source}: its tokenizer knows {len(wrong)} tokens that the model has no numbers for, such as "
            f"{beyond[wrong[0]]!r} (number {wrong[0]}, and there are {rows} rows of embeddings)",
            hint="tokens were added that the model was not trained with, or the tokenizer is another model's: get it "
            "again",
        )


def _said_to_be_quantised(config: Any) -> bool:
    return any(getattr(one, "quantization_config", None) for one in (config, config.get_text_config()))


def _unused(names: Iterable[str], config: Any) -> list[str]:
    """Weights that nothing takes, without those that are left out on purpose."""
    text = config.get_text_config()
    ahead = {getattr(text, "num_hidden_layers", 0) + index for index in range(_guessing(text))}
    tied = bool(getattr(text, "tie_word_embeddings", False))
    return [
        name
        for name in names
        if not _LEFT_OUT.search(name)
        and not (tied and name.endswith("lm_head.weight"))
        and not ("vis" not in name and ahead & {int(number) for number in _LAYER.findall(name)})
    ]


def _guessing(text: Any) -> int:
    """How many layers behind the last guess ahead; they are numbered on."""
    found = getattr(text, "num_nextn_predict_layers", None)
    return found if isinstance(found, int) else 0


def _shape(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))
