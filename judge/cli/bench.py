"""`judge bench`: how fast judging is on this machine."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.inputs import Inputs
from judge.cli.model_options import LOADING, judged_with
from judge.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

    from judge.settings import Settings

IMAGES = 12


@judged_with(*LOADING)
def bench(
    images: Annotated[list[str] | None, typer.Argument(help="Image files or folders; default: drawn noise.")] = None,
    constitution: Annotated[str, typer.Option("--constitution", "-c", help="For the whole judge.")] = "os-bench",
    *,
    settings: Settings,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure questions per second, seconds per image, growth with rules and image size, and memory."""
    from judge import media as decoding
    from judge.assemble import load_mllm_of
    from judge.bench import speed
    from judge.models.transformers.mllm import TransformersMllm

    inputs = Inputs(images or [])
    pictures = [decoding.decode(decoding.read_bytes(path)).views[0].image for path in islice(inputs, IMAGES)]
    inputs.tell()
    mllm = load_mllm_of(settings=settings)
    if not isinstance(mllm, TransformersMllm):
        raise UserError(
            "bench measures models loaded here", hint="for a server, `judge probe` forecasts seconds per image"
        )
    result = speed.measure(mllm, pictures or _noise(), constitution)
    if json:
        from json import dumps

        print(dumps(result))
    else:
        print(speed.markdown(result))


def _noise() -> list[Image]:
    """Pictures of coloured noise: what an image shows does not change what a question costs."""
    from PIL.Image import effect_noise

    return [effect_noise((32, 32), 60 + index).convert("RGB").resize((256, 256)) for index in range(IMAGES)]
