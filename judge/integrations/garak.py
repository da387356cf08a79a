"""A detector for garak: what a generator drew is held against a constitution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.integrations.annotating import KEY, Annotator, NoImage, missing, of_bytes
from judge.settings import Settings

try:
    from garak import _config
    from garak.attempt import Attempt
    from garak.detectors.base import Detector
except ImportError as error:
    raise missing("garak", "pip install garak") from error

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge

_HITS = {"violation": 1.0, "no_violation": 0.0}  # anything else is none


class JudgeDetector(Detector):  # type: ignore[misc]  # garak is not imported for types
    """Image violates the constitution.

    1.0 for an output whose image violates a rule, 0.0 where no rule is violated, and None for what needs a person, for
    an output without an image, and for one that is missing: garak counts those apart. `attempt.notes["judge"]` has what
    is said of each output. garak makes detectors from its configuration (`constitution`, and `settings`, as a mapping).

    judge: one that is loaded already, in place of the configured.
    """

    lang_spec = "*"
    modality = {"out": {"image"}}  # noqa: RUF012  # garak's
    hit_desc = "Image violates a rule of the constitution"
    pass_desc = "Image violates no rule of the constitution"  # noqa: S105
    DEFAULT_PARAMS = Detector.DEFAULT_PARAMS | {"constitution": "demo", "settings": {}}

    def __init__(self, config_root: Any = _config, *, judge: Judge | None = None) -> None:
        super().__init__(config_root=config_root)
        self._annotate = Annotator(self.constitution, Settings.model_validate(self.settings), judge)

    def detect(self, attempt: Attempt) -> list[float | None]:
        """A result for each output, in order."""
        said = self._annotate([_image(output) for output in attempt.outputs])
        attempt.notes[KEY] = [one.texts() for one in said]
        return [_HITS.get(one.verdict) for one in said]


def _image(output: Any) -> bytes | Path | NoImage:
    if output is None:
        return NoImage("the generator gave nothing")
    if output.data_path:
        return Path(output.data_path)
    return NoImage("it has no image") if output.data is None else of_bytes(output.data)
