"""As much of some hosts as an integration touches, each as its package has it, for where the package is not installed.

They bring a good deal more than tests should, so CI runs on these; where a package is there, tests take the real one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest


@contextmanager
def host(package: str, integration: str, modules: dict[str, dict[str, Any]]) -> Iterator[ModuleType]:
    """The integration inside of the real package, or of a stand-in: names of its modules with what they hold."""
    home = f"judge.integrations.{integration}"
    with pytest.MonkeyPatch.context() as patch:
        if find_spec(package) is None:
            parts = [name.split(".") for name in modules]
            for name in {".".join(one[:end]) for one in parts for end in range(1, len(one) + 1)}:
                module = ModuleType(name)
                vars(module).update(modules.get(name, {}))
                patch.setitem(sys.modules, name, module)
        patch.delitem(sys.modules, home, raising=False)
        yield import_module(home)
        patch.delitem(sys.modules, home, raising=False)


def is_real(package: str) -> bool:
    return hasattr(sys.modules[package], "__path__")


# inspect_ai 0.3.285


@dataclass
class ContentImage:
    image: str
    type: str = "image"


@dataclass
class ContentText:
    text: str
    type: str = "text"


@dataclass
class InspectScore:
    value: Any
    answer: str | None = None
    explanation: str | None = None
    reason: str | None = None
    metadata: dict[str, Any] | None = None

    @classmethod
    def unscored(cls, **said: Any) -> InspectScore:
        return cls(value=float("nan"), **said)


def _scorer(metrics: Any) -> Any:
    return lambda function: function


INSPECT = {
    "inspect_ai.model": {"ContentImage": ContentImage, "ContentText": ContentText},
    "inspect_ai.scorer": {
        "CORRECT": "C", "INCORRECT": "I", "Score": InspectScore, "Scorer": Any, "Target": str,
        "accuracy": lambda: None, "stderr": lambda: None, "scorer": _scorer,
    },
    "inspect_ai.solver": {"TaskState": Any},
}  # fmt: skip

# pyrit 1.1.0


@dataclass
class MessagePiece:
    converted_value: str
    converted_value_data_type: str = "text"
    id: str = "piece"


@dataclass
class Message:
    message_pieces: list[MessagePiece]


@dataclass
class PyritScore:
    score_type: str
    score_value: str | None
    status: str
    score_value_description: str
    score_category: list[str]
    score_rationale: str
    score_metadata: dict[str, Any]
    scorer_class_identifier: Any
    message_piece_id: Any
    objective: str | None = None

    def __post_init__(self) -> None:
        assert (self.score_value is None) == (self.status == "undetermined")
        assert all(isinstance(value, str | int | float) for value in self.score_metadata.values())

    @property
    def is_undetermined(self) -> bool:
        return self.status == "undetermined"

    def get_value(self) -> bool | float:
        return self.score_value == "true" if self.score_type == "true_false" else float(self.score_value)


class _MessageScorer:
    scorer_type = ""

    def __init__(self, *, validator: Any) -> None:
        self._types = validator

    def _create_identifier(self, *, params: dict[str, Any]) -> Any:
        return SimpleNamespace(params=params)

    def get_identifier(self) -> Any:
        return self._build_identifier()

    async def score_message_async(self, *, message: Message) -> list[PyritScore]:
        pieces = [one for one in message.message_pieces if one.converted_value_data_type in self._types]
        return [score for piece in pieces for score in await self._score_piece_async(piece)]


class _FloatScale(_MessageScorer):
    scorer_type = "float_scale"


class _TrueFalse(_MessageScorer):
    scorer_type = "true_false"

    async def score_message_async(self, *, message: Message) -> list[PyritScore]:
        """Their OR of three values: true if any is, else undetermined if any is."""
        scores = await super().score_message_async(message=message)
        return sorted(scores, key=lambda score: (score.score_value != "true", not score.is_undetermined))[:1]


PYRIT = {
    "pyrit.models": {
        "ComponentIdentifier": Any, "Message": Message, "MessagePiece": MessagePiece, "Score": PyritScore,
        "ScoreStatus": SimpleNamespace(COMPLETE="complete", UNDETERMINED="undetermined"),
    },
    "pyrit.score": {
        "MessageFloatScaleScorer": _FloatScale, "MessageTrueFalseScorer": _TrueFalse,
        "ScorerPromptValidator": lambda *, supported_data_types: supported_data_types,
    },
}  # fmt: skip

# garak 0.17.1


@dataclass
class GarakMessage:
    text: str | None = None
    data_path: str | None = None
    data_type: tuple[str, None] | None = None
    data: bytes | None = None


class Attempt:
    def __init__(self, prompt: GarakMessage) -> None:
        self.outputs: list[GarakMessage | None] = []
        self.notes: dict[str, Any] = {}


class Detector:
    DEFAULT_PARAMS: ClassVar = {"skip": False}

    def __init__(self, config_root: Any) -> None:
        configured = config_root.get("integrations", {}).get("garak", {}).get(type(self).__name__, {})
        vars(self).update(self.DEFAULT_PARAMS | configured)


GARAK = {
    "garak": {"_config": {}},
    "garak.attempt": {"Attempt": Attempt, "Message": GarakMessage},
    "garak.detectors.base": {"Detector": Detector},
}

# label-studio-ml 1.0.9


class LabelStudioMLBase:
    def __init__(self, label_config: str | None = None, **kwargs: Any) -> None:
        names = re.findall(r'<(?:Choices|TextArea) name="(\w+)"', label_config or "")
        self.parsed_label_config = {name: {} for name in names}


LABEL_STUDIO = {"label_studio_ml.model": {"LabelStudioMLBase": LabelStudioMLBase}}

# fiftyone 1.22.1


class Classification(SimpleNamespace):
    pass


class Classifications(SimpleNamespace):
    pass


class Sample(dict[str, Any]):
    def __init__(self, filepath: str) -> None:
        self.filepath = filepath
        self.media_type = "video" if filepath.endswith(".mp4") else "image"


class Dataset(list[Sample]):
    """saved: samples that were, in order."""

    def add_samples(self, samples: list[Sample]) -> None:
        self.extend(samples)
        self.saved: list[Sample] = []

    def iter_samples(self) -> Iterator[Sample]:
        return iter(self)

    @contextmanager
    def save_context(self) -> Iterator[Any]:
        yield SimpleNamespace(save=self.saved.append)


FIFTYONE = {
    "fiftyone": {
        "Classification": Classification, "Classifications": Classifications, "Dataset": Dataset, "Sample": Sample,
    }
}  # fmt: skip
