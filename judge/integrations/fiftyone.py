"""Verdicts as fields of a FiftyOne dataset, to be looked through, filtered and sorted in its app."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.integrations.annotating import KEY, Annotation, Annotator, NoImage, missing
from judge.settings import Settings

try:
    import fiftyone as fo
except ImportError as error:
    raise missing("FiftyOne", "pip install fiftyone") from error

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge


def annotate_samples(
    samples: fo.core.collections.SampleCollection,
    constitution: str | Path = "demo",
    settings: Settings | None = None,
    *,
    judge: Judge | None = None,
    field: str = KEY,
) -> None:
    """Judge every sample of a dataset or a view, and write what the judge says into two of its fields.

    `field` has the verdict as a classification, with `because`, `reasons` and `causes`; `<field>_rules` the violated
    rules as classifications, each with its `text`. Every sample gets both: what is no image, or cannot be read, is
    `needs_review`. Of a grouped dataset it is the active slice. Samples are saved as they are judged, so that what is
    done stays when this is ended.

    judge: one that is loaded already, in place of `constitution` and `settings`.

    Raises:
        JudgeError: the constitution or the models cannot be used.
    """
    annotate = Annotator(constitution, settings, judge)
    with samples.save_context() as kept:
        for batch in _batches(samples.iter_samples(), annotate.batch):
            for sample, said in zip(batch, annotate([_image(sample) for sample in batch]), strict=True):
                sample[field], sample[f"{field}_rules"] = _verdict(said), _rules(said)
                kept.save(sample)


def _batches(samples: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(samples)
    while batch := list(islice(left, size)):
        yield batch


def _image(sample: Any) -> Path | NoImage:
    return Path(sample.filepath) if sample.media_type == "image" else NoImage(f"it is no image: {sample.media_type}")


def _verdict(said: Annotation) -> Any:
    return fo.Classification(
        label=said.verdict, because=said.because, reasons=list(said.reasons), causes=list(said.causes)
    )


def _rules(said: Annotation) -> Any:
    texts = {rule.rule: rule.text for rule in said.rules}
    return fo.Classifications(
        classifications=[fo.Classification(label=rule, text=texts.get(rule, "")) for rule in said.violations]
    )
