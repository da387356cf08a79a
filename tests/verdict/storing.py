"""Stores verdicts of this version, one of each kind: later versions are held to what this one printed.

`python -m tests.verdict.storing` writes `stored/MAJOR.MINOR/` once, never over what is there: what was printed was printed.
The bundled model judged the shipped drawings; the schema of then stands beside the verdicts.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from PIL import Image
from skimage import data

from judge import Verdict, load_judge
from judge.verdict_schema import schema_text
from tests.conftest import ROOT

STORED = Path(__file__).with_name("stored")
DRAWINGS = ROOT / "examples" / "images"
RULES = """
constitution: stored
version: 1.0.0
rules:
  - id: body-on-fire
    rule: No person or animal may be shown with its body on fire.
    category: violence
    severity: high
    preconditions:
      - any: [people are visible, animals are visible]
      - {statement: the body is on fire, central_objects: [fire]}
    exceptions: [a campfire is visible]
  - {id: explosive, rule: No bomb may be shown., status: shadow, preconditions: [a bomb is visible]}
  - {id: knife, rule: No knife may be shown., preconditions: [a knife is visible]}
  - id: child
    rule: No child may be shown.
    thresholds: {bounds: {fails_under: -2.0, holds_over: 29.0}}
    preconditions: [a child is visible]
"""


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def canvas(drawing: Path) -> bytes:
    """A drawing somewhere on a large empty ground, so that there is a closer look at it."""
    ground = Image.new("RGB", (512, 512), "grey")
    with Image.open(drawing) as image:
        ground.paste(image, (200, 40))
    return png(ground)


def kinds(rules: Path) -> Iterator[tuple[str, Verdict]]:
    own = load_judge(rules)
    fire = DRAWINGS / "body-on-fire-violating.png"
    yield "violation", load_judge("demo").judge(fire, name=fire.name)
    calm = DRAWINGS / "body-on-fire-borderline.png"
    yield "no-violation", own.judge(calm, name=calm.name)
    cook = DRAWINGS / "blade-in-hand-borderline-cook.png"
    yield "reasoned", own.judge(cook, name=cook.name)
    without = own.derive(settings=own.settings.model_copy(update={"escalate": ()}))
    yield "needs-review", without.judge(cook, name=cook.name)
    child = DRAWINGS / "child-with-weapon-borderline.png"
    yield "needs-review-by-bounds", own.judge(child, name=child.name)
    yield "photograph", own.judge(png(Image.fromarray(data.coffee())), name="coffee.png")
    yield "damaged", own.judge(fire.read_bytes()[:2000], name="damaged.png")
    closer = own.derive(settings=own.settings.model_copy(update={"look_closer": True}))
    yield "parts", closer.judge(canvas(DRAWINGS / "explosive-violating.png"), name="canvas.png")


def main() -> None:
    folder = STORED / ".".join(version("constitution-judge").split(".")[:2])
    folder.mkdir(parents=True)
    rules = folder / "rules.yaml"
    rules.write_text(RULES.lstrip(), encoding="utf-8")
    for name, verdict in kinds(rules):
        (folder / f"{name}.json").write_text(verdict.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (folder / "schema.json").write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
