"""The review app: `python app.py [--port N] [--model M] [--data DIR]`; `judge review` has more options."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from judge.cli.exits import Exit
from judge.errors import UserError
from judge.lean import start_lean
from judge.review.app import launch
from judge.review.store import data_dir
from judge.settings import Settings

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Review what the judge said, on this machine only.")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--model", default="bundled", help="`bundled`, a Hugging Face id, or a folder")
    parser.add_argument("--data", type=Path, default=None, help="folder of the queue and the log")
    given = parser.parse_args()
    logging.basicConfig(format="judge: %(message)s", level=logging.WARNING, stream=sys.stderr)
    start_lean()
    try:
        launch(Settings(model=given.model), data=given.data or data_dir(), port=given.port)
    except UserError as error:
        print(f"judge: {error}", file=sys.stderr)
        sys.exit(Exit.USER_MISTAKE)
    except KeyboardInterrupt:
        sys.exit(0)
