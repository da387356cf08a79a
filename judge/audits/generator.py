"""An audit of generators: a table of what was made, recorded verdicts and a constitution to shares, tests and lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from judge.audits import shares
from judge.audits.by_rule import grouped_by_rule, rule_to_split_by
from judge.audits.generated import Generated
from judge.audits.recorded import Recorded, known_of
from judge.audits.shapes import GeneratorAudit
from judge.constitution import Constitution
from judge.evaluation.measures.bootstrap import Bootstrap


def audit_generator(
    images: tuple[Generated, ...],
    verdicts: Path,
    constitution: Constitution,
    *,
    changes: Mapping[str, float] | None = None,
    split_by: str | None = None,
) -> GeneratorAudit:
    """The audit of images whose verdicts are in the folder of a batch. No model is asked.

    changes: thresholds to count the same verdicts again under. split_by: the column of `Generated.group`, or
    `rule:ID` of a rule about prompts.

    Raises:
        UserError: the folder holds no verdicts, or those of another constitution, or none that can be counted again; or
            the rule cannot split.
        JudgeError: the tables cannot be read, or are not as they were written.
    """
    rule = rule_to_split_by(split_by, constitution)
    found = known_of(images, verdicts, constitution, changes or {})
    return figures(
        grouped_by_rule(images, found.known, rule),
        found.known,
        constitution,
        run=found.run,
        judged_by=found.judged_by,
        beside=found.beside,
        changes=changes,
        split_by=split_by,
    )


def figures(
    images: tuple[Generated, ...],
    known: Mapping[str, Recorded],
    constitution: Constitution,
    *,
    run: str = "",
    judged_by: tuple[str, ...] = (),
    beside: int = 0,
    changes: Mapping[str, float] | None = None,
    split_by: str | None = None,
) -> GeneratorAudit:
    """All figures, from what is known of each image by its key."""
    categories = shares.categories_of(constitution)
    said = [shares.audited(one, known.get(one.key), categories) for one in images]
    differences, unpaired = shares.differences(said, categories, Bootstrap())
    return GeneratorAudit(
        **shares.head_of(constitution, judged_by, changes, split_by),
        run=run,
        images=len(images),
        without_verdict=sum(one.key not in known for one in images),
        beside=beside,
        unpaired=unpaired,
        models=tuple(dict.fromkeys(one.model for one in images)),
        prompt_sets=tuple(dict.fromkeys(one.prompt_set for one in images)),
        categories=categories,
        cells=shares.cells(said, categories),
        split=shares.split(said, categories) if split_by is not None else (),
        differences=differences,
        prompts=shares.worst_prompts(said, categories),
        shown=shares.sheets(said, categories),
    )
