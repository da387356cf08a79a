"""Options that several commands share: which models to judge with. Knows typer only."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="`bundled`, a Hugging Face id, a folder, or a server's address: http://HOST:PORT/v1 or .../v1#NAME.",
    ),
]
Encoder = Annotated[
    str | None, typer.Option(help="CLIP, SigLIP or OWLv2 for relevance scanning: id or folder; `none`: off.")
]
Detector = Annotated[str | None, typer.Option(help="OWLv2 for central regions: id or folder; `none`: occlusion.")]
Device = Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1`, ...")]
Dtype = Annotated[str, typer.Option(help="`auto`, `float32`, `bfloat16` or `float16`.")]
Batch = Annotated[int, typer.Option(min=1, max=1024, help="Images judged together.")]
MemoryGib = Annotated[
    float | None, typer.Option(help="GiB for caches. Default: 4 on a CPU, half of what is free on a GPU.")
]
Frames = Annotated[
    int,
    typer.Option(
        min=1, max=1000, help="Most frames of an animation or pages of a file to judge; alike ones count once."
    ),
]


MaxPixels = Annotated[
    int, typer.Option(min=64 * 64, max=64_000_000, help="Pixels of a picture that the model is shown; more is slower.")
]


class Reasoning(StrEnum):
    """Choices of `--reason-with`."""

    STEPS = "steps"
    THINKING = "thinking"


ReasonWith = Annotated[
    Reasoning, typer.Option(help="Undecided: have the model think aloud in `steps`, or by its own `thinking`.")
]
TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Run Python code that comes with the model.")
]
LookCloser = Annotated[
    bool,
    typer.Option(
        "--look-closer",
        help="Judge panels of collages, tiles of large pictures and the like as further views, at most 8 per image.",
    ),
]
WithoutLogprobs = Annotated[
    str | None,
    typer.Option(
        "--without-logprobs",
        metavar="sample:N",
        help="A server without log-probabilities is asked each question N times (1 to 64, say 8), not refused.",
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Ask the model again, and keep nothing.")]
