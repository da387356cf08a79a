"""Chat requests that LiteLLM's proxy gets, and what it makes of them: asked of the real package, or as it was recorded.

`python -m tests.serving.http.litellm_cases` records anew, with the package installed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.conftest import ROOT

RECORDED = Path(__file__).parent / "recorded/litellm.json"
NOWHERE = "http://127.0.0.1:9"
_TEXT = {"type": "text", "text": "What is in this picture?"}
_NAMES = {"violating": "body-on-fire-violating.png", "benign": "body-on-fire-borderline.png"}


def uri(name):
    return "data:image/png;base64," + base64.b64encode((ROOT / "examples/images" / _NAMES[name]).read_bytes()).decode()


def _image(name):
    return {"type": "image_url", "image_url": {"url": uri(name)}}


def cases(url):
    return [
        {"name": "benign", "url": url, "content": [_TEXT, _image("benign")]},
        {"name": "violating", "url": url, "content": [_TEXT, _image("benign"), _image("violating")]},
        {"name": "image alone", "url": url, "content": [_image("violating")]},
        {"name": "down", "url": NOWHERE, "content": [_TEXT, _image("benign")]},
    ]


def installed():
    return find_spec("litellm") is not None


def asked(url):
    """What the package does, by the configuration that docs/server.md gives."""
    page = (ROOT / "docs/server.md").read_text(encoding="utf-8")
    config = re.search(r"```yaml\n(guardrails:.*?)```", page, re.DOTALL)[1].replace("house-rules", "demo")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("litellm_proxy.py"))],
        input=json.dumps({"config": config, "cases": cases(url)}),
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return {one["name"]: one for one in json.loads(done.stdout)}


def recorded():
    """Requests that it sent, by the name of the case, with the images in their places."""
    text = RECORDED.read_text(encoding="utf-8")
    for name in _NAMES:
        text = text.replace(f"<{name}>", uri(name))
    return json.loads(text)


def record(found):
    text = json.dumps({name: one["sent"] for name, one in found.items()}, indent=1)
    for name in _NAMES:
        text = text.replace(uri(name), f"<{name}>")
    RECORDED.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    from tests.serving.http.running import Scripted, serving

    with serving({}, process=Scripted()) as running:
        record(asked(running.url))
