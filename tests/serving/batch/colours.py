"""Pictures of one colour, a model that reads their colours without any library, and policies about them.

As a program it is a batch in a process of its own, to be killed: `python -m tests.serving.batch.colours IN OUT`.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image

from judge.constitution import parse_constitution
from judge.judging.pipeline import Judge
from judge.serving.batch import worker
from judge.serving.batch.call import batch
from judge.serving.batch.room import last_run
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

CHANNELS = ("red", "green", "blue")
POLICY = """
constitution: colours
version: 1.0.0
rules:
  - {id: no-red, rule: No red., preconditions: [red is visible]}
  - {id: no-teal, rule: No teal., preconditions: [green is visible, blue is visible]}
  - {id: no-blue, rule: No blue unless green., preconditions: [blue is visible], exceptions: [green is visible]}
"""
EDITED = POLICY.replace(
    "No teal., preconditions: [green is visible, blue is visible]",
    "No olive., preconditions: [red is visible, green is visible]",
)


class ColourMllm:
    """Says yes to a colour that the picture's first pixel has more than half of. asked: questions about pictures."""

    identity = ModelIdentity(role="mllm", name="colours", digest="c" * 64)

    def __init__(self):
        self.asked = []

    def answer(self, asks):
        return [self._one(ask) for ask in asks]

    def _one(self, ask):
        if ask.image is None:
            return Answer(p_yes=0.3, p_no=0.7)
        self.asked.append(ask.statement)
        channel = CHANNELS.index(ask.statement.split()[0])
        yes = ask.image.convert("RGB").getpixel((0, 0))[channel] > 127
        return Answer(p_yes=0.99 if yes else 0.01, p_no=0.01 if yes else 0.99)

    def reply(self, conversations, *, max_tokens, schema=None):
        raise AssertionError("nothing is left open")


DEADLY = 0xDEAD00  # a picture of this number ends every process that looks at it


class DeadlyMllm(ColourMllm):
    """Takes a moment for each picture. seconds: of that moment."""

    seconds = 0.001

    def _one(self, ask):
        if ask.image is not None:
            time.sleep(self.seconds)
            if ask.image.getpixel((7, 7)) == (DEADLY >> 16, DEADLY >> 8 & 255, DEADLY & 255):
                os.kill(os.getpid(), signal.SIGKILL)
        return super()._one(ask)


def load(argument, settings):
    """See `judge.models.backends`. argument: a folder in which each process that loads the model leaves its id; with
    `differs` as its name each is another model, and a slow one."""
    model, folder = DeadlyMllm(), Path(argument)
    (folder / str(os.getpid())).touch()
    if folder.name == "differs":
        model.seconds = 0.1
        model.identity = model.identity.model_copy(update={"digest": f"{os.getpid():064x}"})
    return model


def die_of(key, tasks):
    """`worker.judge_all`, where a picture of that key ends the process."""
    if any(task.key == key for task in tasks):
        os._exit(1)
    return worker._loaded().judge_all(tasks)


def die_at_first(folder, deaths):
    """`worker.describe`, of which this many processes die; each leaves its id in the folder."""
    if len(list(folder.iterdir())) < deaths:
        (folder / str(os.getpid())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    bench = worker._loaded()
    return worker.JudgeFacts(bench.judge.provenance, bench.digests, ())


def install(site: Path) -> Path:
    """What an installer leaves of a package that offers the model `colours`."""
    about = site / "colour_models-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: colour-models\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[judge.models]\ncolours = {__name__}:load\n")
    return site


def colour_judge(policy=POLICY, model=None):
    return Judge(parse_constitution(policy), model or ColourMllm(), settings=Settings(batch=8))


def picture(number: int) -> bytes:
    """A PNG that no other number has, of one of eight colours."""
    colour = tuple(255 * (number >> bit & 1) for bit in range(3))
    image = Image.new("RGB", (8, 8), colour)
    image.putpixel((7, 7), (number >> 16 & 255, number >> 8 & 255, number & 255))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def pictures(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:05d}.png").write_bytes(picture(number))
    return folder


def rows(out: Path, table: str = "images") -> list[dict]:
    """All rows that count of the run that was last, in a fixed order, without what differs between two runs."""
    folder = last_run(out) / table
    found = [row for file in sorted(folder.glob("*.parquet")) for row in pq.read_table(file).to_pylist()]
    for row in found:
        row.pop("seconds", None)
        row.pop("judged_at", None)
    return sorted(found, key=lambda row: [str(row[name]) for name in row])


def main(source: str, out: str) -> None:
    import judge.serving.batch.run as run

    run.SHARD_ROWS = 100
    batch(source, out, judge=colour_judge())


if __name__ == "__main__":
    main(*sys.argv[1:])
