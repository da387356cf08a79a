"""The options that say which models judge, and how: one list for all verbs that judge.

A verb is decorated by `judged_with` and given one `Settings` made of them; it names none of them itself.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from judge.errors import UserError


class _Asked(StrEnum):
    """Choices of `--committee`."""

    UNDECIDED = "undecided"
    ALL = "all"


class _Agreement(StrEnum):
    """Choices of `--agree`; weights are said in Python."""

    MAJORITY = "majority"
    UNANIMOUS = "unanimous"


_Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="`bundled`, a Hugging Face id, a folder, a server's address (http://HOST:PORT/v1 or .../v1#NAME), or a "
        "backend of an installed package: NAME or NAME:ARGUMENT.",
    ),
]
_Models = Annotated[
    list[str],
    typer.Option(
        "--model",
        "-m",
        help="`bundled`, a Hugging Face id, a folder, a server's address (http://HOST:PORT/v1 or .../v1#NAME), or a "
        "backend of an installed package: NAME or NAME:ARGUMENT. Given again: a further member of a committee.",
    ),
]
_Voting = Annotated[
    _Asked | None, typer.Option("--committee", help="What several models vote on: the `undecided`, or `all`.")
]
_Agree = Annotated[
    _Agreement | None, typer.Option(help="What makes a committee agree: a `majority` of all, or `unanimous`.")
]
_Stronger = Annotated[
    str | None, typer.Option(metavar="MODEL", help="The model that is asked where a committee does not agree.")
]
_Encoder = Annotated[
    str | None, typer.Option(help="CLIP, SigLIP or OWLv2 for relevance scanning: id or folder; `none`: off.")
]
_Detector = Annotated[str | None, typer.Option(help="OWLv2 for central regions: id or folder; `none`: occlusion.")]
_Device = Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1`, ...")]
_Dtype = Annotated[str, typer.Option(help="`auto`, `float32`, `bfloat16` or `float16`.")]
_Batch = Annotated[int, typer.Option(min=1, max=1024, help="Images judged together.")]
_MemoryGib = Annotated[
    float | None, typer.Option(help="GiB for caches. Default: 4 on a CPU, half of what is free on a GPU.")
]
_Frames = Annotated[
    int,
    typer.Option(
        min=1, max=1000, help="Most frames of an animation or pages of a file to judge; alike ones count once."
    ),
]
_ClipFrames = Annotated[
    int, typer.Option(min=1, max=10_000, help="Most frames of a clip to judge; alike ones count once.")
]
_MaxPixels = Annotated[
    int, typer.Option(min=64 * 64, max=64_000_000, help="Pixels of a picture that the model is shown; more is slower.")
]


class Quantize(StrEnum):
    """Choices of `--quantize`."""

    FOUR = "4bit"
    EIGHT = "8bit"
    NONE = "none"


class _Reasoning(StrEnum):
    """Choices of `--reason-with`."""

    STEPS = "steps"
    THINKING = "thinking"


_ReasonWith = Annotated[
    _Reasoning, typer.Option(help="Undecided: have the model think aloud in `steps`, or by its own `thinking`.")
]
_Escalate = Annotated[
    str | None,
    typer.Option(
        metavar="STEPS",
        help="What the undecided goes through, comma-separated: `reasoning`, `debate`, `committee`; `person` for none. "
        "Default: the constitution's, else reasoning; further models add `committee`.",
    ),
]
_TrustRemoteCode = Annotated[
    bool, typer.Option("--trust-remote-code", help="Run Python code that comes with the model.")
]
_LookCloser = Annotated[
    bool,
    typer.Option(
        "--look-closer",
        help="Judge panels of collages, tiles of large pictures and the like as further views, at most 8 per image.",
    ),
]
_WithoutLogprobs = Annotated[
    str | None,
    typer.Option(
        "--without-logprobs",
        metavar="sample:N",
        help="A server without log-probabilities is asked each question N times (1 to 64, say 8), not refused.",
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Ask the model again, and keep nothing.")]

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "model": (_Model, "bundled"),
    "models": (_Models, ("bundled",)),
    "encoder": (_Encoder, None),
    "detector": (_Detector, None),
    "quantize": (Annotated[Quantize, typer.Option(help="bitsandbytes weights.")], Quantize.NONE),
    "device": (_Device, "auto"),
    "dtype": (_Dtype, "auto"),
    "batch": (_Batch, 8),
    "memory_gib": (_MemoryGib, None),
    "frames": (_Frames, 24),
    "clip_frames": (_ClipFrames, 240),
    "max_pixels": (_MaxPixels, 1024 * 1024),
    "reason_with": (_ReasonWith, _Reasoning.STEPS),
    "escalate": (_Escalate, None),
    "committee": (_Voting, None),
    "agree": (_Agree, None),
    "stronger": (_Stronger, None),
    "trust_remote_code": (_TrustRemoteCode, False),
    "without_logprobs": (_WithoutLogprobs, None),
    "look_closer": (_LookCloser, False),
}
LOADING = ("model", "quantize", "device", "dtype")
ASKING = (*LOADING, "memory_gib", "max_pixels", "reason_with", "trust_remote_code", "without_logprobs")
JUDGING = ("models", *ASKING[1:], "encoder", "detector", "batch", "escalate", "committee", "agree", "stronger")


def chosen_options(given: typer.Context) -> list[str]:
    """The words of the options that somebody typed, as they go into a command that does the same again."""
    words: list[str] = []
    for option in given.command.params:
        source = given.get_parameter_source(option.name or "")
        if option.param_type_name != "option" or source is None or source.name != "COMMANDLINE":
            continue
        value = given.params[option.name or ""]
        for one in value if isinstance(value, list | tuple) else [value]:
            words += [min(option.opts, key=len), *([] if one is True else [str(one)])]
    return words


def judged_with(*names: str, **defaults: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a verb the options of these names where its parameter `settings` stands, and it a `Settings` of them.
    defaults: by name, in place of those of other verbs.

    Raises (the verb, when it runs):
        UserError: an option is not what it may be.
    """

    def decorate(verb: Callable[..., None]) -> Callable[..., None]:
        verb.__annotations__.pop("settings", None)  # of what is imported when the verb runs
        parameters: list[inspect.Parameter] = []
        for one in inspect.signature(verb, eval_str=True).parameters.values():
            if one.name != "settings":
                parameters.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
                continue
            for name in (name for name in _OPTIONS if name in names):
                kind, default = _OPTIONS[name]
                default = defaults.get(name, default)
                parameters.append(inspect.Parameter(name, one.KEYWORD_ONLY, default=default, annotation=kind))

        @functools.wraps(verb)
        def run(**given: Any) -> None:
            from judge.settings import Settings

            chosen = {name: given.pop(name) for name in names}
            return verb(**given, settings=Settings.of(**_as_settings(chosen)))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def _as_settings(chosen: dict[str, Any]) -> dict[str, Any]:
    """Options by the names of settings, those of one part together."""
    if "models" in chosen:
        chosen["model"], *members = chosen.pop("models")
        voting = {
            "asked": chosen.pop("committee"),
            "agreement": chosen.pop("agree"),
            "stronger": chosen.pop("stronger"),
        }
        said = {name: value for name, value in voting.items() if value is not None}
        if said and not members:
            raise UserError(
                "a committee needs further models, and none is named",
                hint="name each with a --model of its own: --model A --model B",
            )
        chosen["committee"] = {"members": tuple(members), **said}
    if chosen.get("escalate") is not None:
        chosen["escalate"] = tuple(step.strip() for step in chosen["escalate"].split(","))
    for part in ("frames", "clip_frames"):
        if part in chosen:
            chosen["limits" if part == "frames" else "clips"] = {"frames": chosen.pop(part)}
    return chosen
