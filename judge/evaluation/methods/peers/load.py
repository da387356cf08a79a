"""Names of rivals, and how each is loaded."""

from __future__ import annotations

from judge import resources
from judge.constitution import Constitution
from judge.errors import UserError
from judge.evaluation.methods.clue import all_enforced
from judge.evaluation.methods.peers.method import Peer, Rival
from judge.evaluation.protocols import Method
from judge.ports import Encoder
from judge.settings import BUNDLED, OFF, Settings

HUB = {
    "shieldgemma2": "google/shieldgemma-2-4b-it",
    "llama-guard": "meta-llama/Llama-Guard-3-11B-Vision",
    "llavaguard": "AIML-TUDA/LlavaGuard-v1.2-7B-OV-hf",
    "shieldstral": "mistralai/Shieldstral-1.0-3B",
}  # families that are named with a checkpoint, and one of each


def load_peer(name: str, constitution: Constitution, settings: Settings | None = None) -> Method:
    """A rival as a method of an evaluation: `clip`, `nudenet`, `open-nsfw`, or `FAMILY:ID` with a hub id or folder.

    `clip` uses the encoder of the settings; with the bundled model its eyes will do. `open-nsfw:FILE.onnx` reads
    weights from a file. Device, number format and quantization are the settings'. Rules in shadow count here, as
    they do for the judge.

    Raises:
        UserError: no such rival or checkpoint, or a package that it needs is not installed.
        ModelError: a model that should load failed to.
    """
    return Peer(_rival(name, all_enforced(constitution), settings or Settings()))


def _rival(name: str, constitution: Constitution, settings: Settings) -> Rival:
    family, _, source = name.partition(":")
    if name == "clip":
        from judge.evaluation.methods.peers.clip import ClipRival

        return ClipRival(_encoder(settings), constitution)
    if name == "nudenet":
        from judge.evaluation.methods.peers.nudenet import load_nudenet

        return load_nudenet()
    if family == "open-nsfw":
        from judge.evaluation.methods.peers.open_nsfw import load_open_nsfw

        return load_open_nsfw(source or None)
    if family in HUB:
        if not source:
            raise UserError(f"the peer {family} needs a checkpoint", hint=f"for example {family}:{HUB[family]}")
        return _of_hub(family, source, constitution, settings)
    known = ["clip", "nudenet", "open-nsfw", *(f"{one}:ID" for one in HUB)]
    raise UserError(f"no peer '{name}'", hint=f"there are: {', '.join(known)}")


def _of_hub(family: str, source: str, constitution: Constitution, settings: Settings) -> Rival:
    if family == "shieldgemma2":
        from judge.evaluation.methods.peers.shieldgemma2 import load_shieldgemma2

        return load_shieldgemma2(source, constitution, settings)
    if family == "llama-guard":
        from judge.evaluation.methods.peers.llama_guard import load_llama_guard

        return load_llama_guard(source, constitution, settings)
    if family == "llavaguard":
        from judge.evaluation.methods.peers.llavaguard import load_llavaguard

        return load_llavaguard(source, constitution, settings)
    from judge.evaluation.methods.peers.shieldstral import load_shieldstral

    return load_shieldstral(source, constitution, settings)


def _encoder(settings: Settings) -> Encoder:
    from judge.models.transformers.checkpoints import architecture
    from judge.models.transformers.image_text import load_encoder
    from judge.models.transformers.owlv2 import load_owlv2

    if settings.encoder in (None, OFF):
        if settings.model != BUNDLED:  # on photographs they would make a rival that anything beats
            raise UserError(
                "the peer clip needs an encoder: the bundled eyes read drawings only",
                hint="name one with --encoder, such as openai/clip-vit-base-patch16",
            )
        return load_owlv2(str(resources.bundled_eyes()), settings, "encoder", name="eyes-v1")
    assert settings.encoder is not None
    if architecture(settings.encoder, settings) == "owlv2":
        return load_owlv2(settings.encoder, settings, "encoder")
    return load_encoder(settings.encoder, settings)
