"""A machine-learning backend for Label Studio: what the judge says, as predictions that people correct."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from judge.errors import UserError
from judge.integrations.annotating import Annotation, Annotator, NoImage, missing, of_reference
from judge.settings import Settings

try:
    from label_studio_ml.model import LabelStudioMLBase
except ImportError as error:
    raise missing("a backend of Label Studio", "pip install label-studio-ml") from error

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge

_LOCAL = "/data/local-files/"


class JudgeBackend(LabelStudioMLBase):  # type: ignore[misc]  # it has no types
    """Predicts the verdict, and the rules that are violated, for the image of a task. Subclass it to configure it:

        class HouseRules(JudgeBackend):
            constitution = "house-rules.yaml"
            documents = Path("/srv/pictures")

    The labelling interface has choices named `verdict`; where it has them, choices named `rules` get the violated
    rules, and a text area named `why` gets the reason. A task's image is its datum `image`. The lowest `score`, which
    Label Studio can show first, has what needs a person.

    constitution, settings: as of `load_judge`. documents: the folder that Label Studio serves local files from; without
    it none is read. judge: one that is loaded already, in place of the first two.
    """

    constitution: ClassVar[str | Path] = "demo"
    settings: ClassVar[Settings | None] = None
    documents: ClassVar[Path | None] = None
    judge: ClassVar[Judge | None] = None

    def predict(
        self, tasks: Sequence[Mapping[str, Any]], context: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        """A prediction for each task, in order. What cannot be looked at is `needs_review`.

        Raises:
            UserError: the labelling interface has no choices named `verdict`.
            JudgeError: the constitution or the models cannot be used.
        """
        controls = self._controls()
        annotate = Annotator(self.constitution, self.settings, self.judge)
        said = annotate([self._image(task) for task in tasks])
        known = annotate.judge.provenance
        version = f"{known.constitution} {known.constitution_version}"
        return [
            {
                "model_version": version,
                "score": 0.0 if one.verdict == "needs_review" else 1.0,
                "result": [made for made in _results(one) if made["from_name"] in controls],
            }
            for one in said
        ]

    def file_of(self, address: str, task: Mapping[str, Any]) -> str | Path | None:
        """The file of an image that lies elsewhere, such as one that was uploaded to Label Studio; None: not looked at.

        By default there is none, as nothing is fetched. To let Label Studio's own client fetch:
        `return self.get_local_path(address)`.
        """
        return None

    def _controls(self) -> set[str]:
        controls = set(getattr(self, "parsed_label_config", None) or ())
        if "verdict" not in controls:
            raise UserError(
                "the project's labelling interface has no choices named 'verdict'",
                hint='<Choices name="verdict" toName="image"><Choice value="violation"/>...</Choices>',
            )
        return controls

    def _image(self, task: Mapping[str, Any]) -> bytes | Path | NoImage:
        address = (task.get("data") or {}).get("image")
        if not isinstance(address, str) or not address:
            return NoImage("the task has no image")
        if address.startswith("data:"):
            return of_reference(address)
        parts = urlsplit(address)
        if parts.path == _LOCAL and not parts.netloc and self.documents is not None:
            named = self.documents / "".join(parse_qs(parts.query).get("d", ())[:1]).lstrip("/")
            if not named.resolve().is_relative_to(self.documents.resolve()):
                return NoImage("its file lies outside of the folder of local files")
            return named
        file = self.file_of(address, task)
        return NoImage("it lies elsewhere, and is not fetched") if file is None else Path(file)


def _results(said: Annotation) -> list[dict[str, Any]]:
    made = [_choices("verdict", [said.verdict])]
    if said.violations:
        made.append(_choices("rules", list(said.violations)))
    return [*made, _control("why", "textarea", {"text": [said.because]})]


def _choices(name: str, chosen: list[str]) -> dict[str, Any]:
    return _control(name, "choices", {"choices": chosen})


def _control(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "image", "type": kind, "value": value}
