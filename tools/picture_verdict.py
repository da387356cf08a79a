"""Photographs one verdict of `judge demo`, chain and box, for the README: `python -m tools.picture_verdict`.

Writes docs/screens/verdict-{light,dark}.png. Needs a Chromium. The drawing is judged now, so the picture shows what is.
"""

from __future__ import annotations

import io
from pathlib import Path
from time import perf_counter

from PIL import Image

from judge import load_judge
from judge.demo.page import page
from tests.review.browsing import chromium

ROOT = Path(__file__).resolve().parent.parent
DRAWING = ROOT / "examples" / "images" / "body-on-fire-violating.png"
_WIDTH, _SCALE = 820, 2


def main() -> None:
    """The picture in light and dark."""
    begun = perf_counter()
    judge = load_judge("demo")
    judge.judge(DRAWING)  # warm, so that the seconds under the picture are those of one drawing among many
    verdict = judge.judge(DRAWING)
    text = page([verdict], seconds=perf_counter() - begun, command="judge demo")
    with chromium() as browser:
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": _WIDTH, "height": 900}, device_scale_factor=_SCALE, color_scheme=scheme
            )
            tab = context.new_page()
            tab.set_content(text)
            with Image.open(io.BytesIO(tab.locator("article.card").first.screenshot())) as shot:
                shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
                    ROOT / "docs" / "screens" / f"verdict-{scheme}.png", optimize=True
                )
            context.close()


if __name__ == "__main__":
    main()
