"""As much of NeMo Curator 1.4 as a stage sees: what `nemo_curator.stages.base` and `nemo_curator.tasks` say of it.

The package brings Ray and a good deal more, so it is not installed for tests; where it is, they take the real one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Generic, TypeVar

X, Y = TypeVar("X"), TypeVar("Y")


class ProcessingStage(Generic[X, Y]):
    name = "ProcessingStage"

    def process_batch(self, tasks):
        return [done for task in tasks if (done := self.process(task)) is not None]


@dataclass
class ImageObject:
    image_path: str = ""
    image_id: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    image_data: Any = None


@dataclass
class ImageBatch:
    dataset_name: str
    data: list[ImageObject] = field(default_factory=list)
    _stage_perf: list[Any] = field(default_factory=list)
    _metadata: dict[str, Any] = field(default_factory=dict)


def put_in_place(patch) -> None:
    names = ("nemo_curator", "nemo_curator.stages", "nemo_curator.stages.base", "nemo_curator.tasks")
    made = {name: ModuleType(name) for name in names}
    made["nemo_curator.stages.base"].ProcessingStage = ProcessingStage
    made["nemo_curator.tasks"].ImageBatch, made["nemo_curator.tasks"].ImageObject = ImageBatch, ImageObject
    for name, module in made.items():
        patch.setitem(sys.modules, name, module)
    patch.delitem(sys.modules, "judge.integrations.nemo_curator", raising=False)
