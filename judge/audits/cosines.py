"""How well images fit their prompts, by an encoder such as CLIP: the cosine of both. Knows no verdict and no rule.

The encoder is given the prompt; the judge never is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from judge import media
from judge.audits.generated import Generated
from judge.audits.recorded import Recorded
from judge.errors import ImageError, JudgeError
from judge.files import read_text, write_whole
from judge.ports import Encoder
from judge.printable import printable
from judge.settings import Limits

_SIDES = ("before", "after")


def cosines(
    encoder: Encoder, images: Iterable[Generated], known: Mapping[str, Recorded], limits: Limits
) -> Iterator[tuple[str, float]]:
    """By key, the cosine of each image that has a prompt and a file that can be read. Several views: the first one's.

    Raises:
        ModelError: the encoder fails.
    """
    for one in images:
        if not one.prompt or one.key not in known:
            continue
        name = known[one.key].name
        try:
            view = media.decode(media.read_bytes(name, limits), name, limits).views[0].image
        except ImageError:
            continue
        yield one.key, round(encoder.similarity([view], [one.prompt])[0][0], 6)


def write(file: Path, encoder: str, before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """Keep cosines for another count.

    Raises:
        JudgeError: they cannot be written.
    """
    try:
        write_whole(file, json.dumps({"encoder": encoder, "before": dict(before), "after": dict(after)}) + "\n")
    except OSError as error:
        raise JudgeError(f"{printable(str(file))} cannot be written: {error.strerror}") from error


def read(file: Path) -> tuple[str | None, Mapping[str, float], Mapping[str, float]]:
    """What was kept: the encoder's name, and cosines before and after; nothing where none was.

    Raises:
        JudgeError: the file is damaged.
    """
    try:
        held = json.loads(read_text(file))
        before, after = ({str(key): float(value) for key, value in held[side].items()} for side in _SIDES)
        return str(held["encoder"]), before, after
    except FileNotFoundError:
        return None, {}, {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise JudgeError(f"{printable(str(file))} is damaged", hint="delete it and run the audit again") from error
