"""The app with a model that waits, before each call, as long as a file called `hold` lies in the data folder."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from judge.review.app import launch
from judge.review.uploads.watched import WatchedMllm
from judge.settings import Settings

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    answer = WatchedMllm.answer

    def held(self, asks):
        while (given.data / "hold").exists():
            self._go_on()
            time.sleep(0.02)
        return answer(self, asks)

    WatchedMllm.answer = held
    launch(Settings(), data=given.data, port=given.port)
