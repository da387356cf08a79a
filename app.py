"""The review page in the browser: `python app.py [--port N] [--model M]`."""

from __future__ import annotations

import argparse

from judge.review.page import launch
from judge.settings import Settings

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Judge images in the browser, on this machine only.")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--model", default="bundled", help="`bundled`, a Hugging Face id, or a folder")
    given = parser.parse_args()
    launch(Settings(model=given.model), given.port)
