"""`load_dataset`: a folder, a case file or a Hugging Face data set to examples, or every mistake in it at once.

1. find out what the source is; 2. read its rows, each with its place; 3. turn rows into examples (`truth`); 4. digest
every image, what is told beside it, and every truth. An image file that is there and cannot be read stays in: a person
would have to look at it, so it counts as `needs_review`.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
import os
import random
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from judge.constitution import Constitution
from judge.constitution.document import clipped
from judge.constitution.told import context_digest, fields_read, subject
from judge.errors import Problem, UserError
from judge.evaluation.data.metadata import MetadataRow, read_metadata
from judge.evaluation.data.truth import Names, example_of
from judge.evaluation.protocols import Dataset, Example
from judge.files import sha256_of
from judge.media.folders import Skipped, entries
from judge.settings import MOST_IMAGE

log = logging.getLogger("judge")
METADATA = ("metadata.jsonl", "metadata.csv")
SAVED = ("state.json", "dataset_dict.json")  # what `save_to_disk` leaves
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+(:[\w.-]+)?")
_TOLD = 100  # most mistakes in one message
_FORMS = (
    "a folder with metadata.jsonl or metadata.csv, a case file (.yaml), a parquet file or a folder of them, "
    "a folder written by `save_to_disk`, or a Hugging Face id (ORG/NAME or ORG/NAME:SPLIT)"
)


class DatasetError(UserError):
    """A data set that cannot be used; carries every mistake found. Of a parquet file the line is the row."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        told = [str(one) for one in self.problems[:_TOLD]]
        if len(self.problems) > _TOLD:  # such as a data set for another constitution: every row is wrong
            told.append(f"... and {len(self.problems) - _TOLD} mistakes more")
        super().__init__("\n".join(told))


def load_dataset(source: str, constitution: Constitution) -> Dataset:
    """Read a data set whose truth is about the rules of `constitution`.

    Raises:
        UserError: no such source, or none of a kind that is known.
        DatasetError, ConstitutionError: every mistake in it, each with its line.
    """
    path = Path(source)
    if path.is_dir():
        named = [name for name in METADATA if (path / name).is_file()]
        if len(named) > 1:
            raise UserError(f"{source} has {' and '.join(named)}", hint="which one is meant? Remove the other")
        if named:
            return _folder(path, path / named[0], constitution)
        if any((path / name).is_file() for name in SAVED) or any(path.rglob("*.parquet")):
            return _hugging_face(source, constitution)
        raise UserError(f"no data set in the folder {source}", hint=_where(path))
    if path.is_file():
        if path.suffix in (".yaml", ".yml"):
            return _case_file(path, constitution)
        if path.suffix == ".parquet":
            return _hugging_face(source, constitution)
        raise UserError(f"{source} is no data set of a kind that is known", hint=f"give {_FORMS}")
    near = _near(path)
    if not near and _HUB_ID.fullmatch(source) and path.suffix not in (".parquet", ".yaml", ".yml", ".jsonl", ".csv"):
        return _hugging_face(source, constitution)
    raise UserError(f"no data set at {source}", hint=f"did you mean `{near[0]}`?" if near else f"give {_FORMS}")


def sample(dataset: Dataset, size: int, seed: int) -> Dataset:
    """`size` examples drawn at random, in their old order, under a name that says so."""
    if size >= len(dataset.examples):
        return dataset
    picked = sorted(random.Random(seed).sample(range(len(dataset.examples)), size))  # noqa: S311 (no secret)
    name = f"{dataset.name} (a sample of {size} of {len(dataset.examples)}, seed {seed})"
    return dataset_of(name, [dataset.examples[index] for index in picked])


def dataset_of(name: str, examples: Iterable[Example]) -> Dataset:
    """Examples with their digest: of every image's bytes, what is told beside it and every truth, in the order of their
    ids."""
    chosen = tuple(examples)
    lines = sorted(f"{one.id}|{image_digest(one.path)}|{one.model_dump_json(exclude={'path'})}" for one in chosen)
    return Dataset(name=name, digest=hashlib.sha256("\n".join(lines).encode()).hexdigest(), examples=chosen)


def image_digest(path: str) -> str | None:
    """SHA-256 of a file's bytes; None where it cannot be read, or is larger than any image may be."""
    try:
        return sha256_of(path, MOST_IMAGE)
    except (OSError, ValueError):
        return None


def _where(path: Path) -> str:
    inside = sorted(str(one.parent) for name in METADATA for one in path.glob(f"*/{name}"))
    return f"name the folder of one split: {', '.join(inside)}" if inside else f"give {_FORMS}"


def _checked(name: str, rows: Iterable[MetadataRow], constitution: Constitution, problems: list[Problem]) -> Dataset:
    """The data set of some rows; what is wrong with any of them is told together, after `problems`."""
    names, examples = Names(constitution), []
    seen: dict[tuple[str, str], MetadataRow] = {}
    rows_of: dict[str, MetadataRow] = {}
    again = Counter[str]()
    for row in rows:
        thing = row.id, context_digest(row.context)
        again[row.id] += 1
        name_of = _free(row.id, again[row.id], rows_of)
        example, wrong = example_of(row.values, name_of, row.path, row.context, names)
        problems += [row.problem(*one) for one in wrong]
        if thing in seen:
            beside = " with the same beside it" if row.context else ""
            hint = f"first on line {seen[thing].line}"
            problems.append(row.problem(f"'{clipped(row.id)}' stands twice{beside}", hint))
        elif not _present(row.path):
            problems.append(row.problem(f"no image at {clipped(row.path)}", _near_file(row.path)))
        elif example is not None:
            examples.append(example)
        rows_of[name_of] = seen.setdefault(thing, row)
    problems += _same_image_other_truth(examples, rows_of, constitution)
    if problems:
        raise DatasetError(problems)
    if not examples:
        raise UserError(f"the data set {name} is empty", hint="it needs a row per image")
    _say_untold(name, examples, constitution)
    return dataset_of(name, examples)


def _free(id_: str, number: int, taken: Container[str]) -> str:
    """A name for what is shown once more: with its number where the name is another's already."""
    names = (id_ if one == 1 else f"{id_}#{one}" for one in count(number))
    return next(name for name in names if name not in taken)


def _say_untold(name: str, examples: Sequence[Example], constitution: Constitution) -> None:
    """That nothing in the set tells what statements read: such rules can only go to a person."""
    told = {field for one in examples for field in one.context}
    for rule in constitution.rules:
        if missing := [field for field in fields_read(rule) if field not in told]:
            log.warning(
                "%s tells nothing of %s, which the rule %s reads: it is left to a person (no_context); add a column",
                name,
                " and ".join(f"`{field}`" for field in missing),
                rule.id,
            )


def _present(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name too long, or one with a NUL in it
        return False


def _near_file(path: str) -> str:
    near = _near(Path(path))
    return f"did you mean `{near[0].name}`?" if near else "file names start from the folder of the metadata"


def _near(path: Path) -> list[Path]:
    """What is in the folder of something that is not there, and is called almost the same."""
    try:
        names = [one.name for one in path.parent.iterdir()]
    except (OSError, ValueError):
        return []
    return [path.parent / name for name in difflib.get_close_matches(path.name, names, n=1)]


def _same_image_other_truth(
    examples: Iterable[Example], rows: Mapping[str, MetadataRow], constitution: Constitution
) -> Iterator[Problem]:
    """Where something else is told, the truth may be another one about rules that read, and about those alone."""
    reading = {rule.id for rule in constitution.rules if fields_read(rule)}
    first: dict[str, Example] = {}
    alike: dict[str, Example] = {}
    for example in examples:
        digest = image_digest(example.path)
        if digest is None:
            continue
        same = alike.setdefault(subject(digest, context_digest(example.context)), example)
        for other, but in ((same, set[str]()), (first.setdefault(digest, example), reading)):
            known = set(example.rules) & set(other.rules) - but
            differ = [key for key in known if example.rules[key] != other.rules[key]]
            if differ or (not but and example.unsafe != other.unsafe):
                about = ", ".join(sorted(differ)) or "whether it is unsafe"
                hint = f"they differ in {about}, see line {rows[other.id].line}"
                yield rows[example.id].problem(f"the same picture as '{clipped(other.id)}' with another truth", hint)
                break


def _folder(path: Path, file: Path, constitution: Constitution) -> Dataset:
    rows, problems = read_metadata(path, file, tuple(constitution.context))
    dataset = _checked(path.resolve().name, rows, constitution, problems)
    named = {os.path.normpath(one.path) for one in dataset.examples}
    pictures = (one for one in entries(str(path)) if not isinstance(one, Skipped))
    if left := [one for one in pictures if os.path.normpath(one) not in named]:
        shown = ", ".join(left[:3]) + (", ..." if len(left) > 3 else "")
        log.warning("%d pictures are not measured, because they have no row in %s: %s", len(left), file, shown)
    return dataset


def _case_file(path: Path, constitution: Constitution) -> Dataset:
    """The cases of `judge test`. A rule that a case does not name counts as not violated for the image as a whole."""
    from judge.cases.reading import Expected, load_cases

    cases = load_cases(path, constitution)
    rules = {rule.id for rule in constitution.rules}
    silent = sum(not rules <= set(one.case.expect) for one in cases)
    if silent:
        log.warning(
            "%s: %d of %d cases do not name every rule; the image counts as unsafe when one that is named is violated",
            path,
            silent,
            len(cases),
        )
    rows = []
    for one in cases:
        expected = {rule: word.settled for rule, word in one.case.expect.items()}
        lists = {word.value: [rule for rule, said in expected.items() if said is word] for word in Expected}
        texts = {
            word: [text for text, said in one.case.preconditions.items() if said == word] for word in ("holds", "fails")
        }
        values = {**lists, **texts, "unsafe": bool(lists["violates"])}
        rows.append(MetadataRow(one.file, one.line, one.case.image, one.path, values, one.case.context))
    return _checked(path.name.removesuffix(".yaml"), rows, constitution, [])


def _hugging_face(source: str, constitution: Constitution) -> Dataset:
    from judge.evaluation.data.huggingface import rows

    name, read = rows(source, SAVED, tuple(constitution.context))
    return _checked(name, (MetadataRow(source, *one) for one in read), constitution, [])
