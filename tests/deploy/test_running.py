"""What the image runs, run here without one: by nobody in particular, where nothing but a cache can be written."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from judge import Client
from judge.serving.http.keys import add_key
from tests.conftest import ROOT
from tests.deploy.reading import environment, healthcheck, last, manifest

DRAWING = ROOT / "examples/images/body-on-fire-violating.png"


def powerless():
    """What a command is put behind, to be run as in the image: as user 10001 where root runs the tests. Where that user
    cannot reach this Python (it lies in root's own folder), as root without its power over files."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        return []
    if all(folder.stat().st_mode & 0o001 for folder in Path(sys.executable).resolve().parents):
        return ["setpriv", "--reuid=10001", "--regid=10001", "--clear-groups", "--no-new-privs"]
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


@pytest.fixture
def root():
    """A folder that anybody may read, with the files that the manifest mounts; only `cache` and `tmp` can be written."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder in ("rules", "keys", "cache", "tmp"):
            (root / folder).mkdir()
        for file, text in manifest("ConfigMap")["data"].items():
            (root / "rules" / file).write_text(text)
        (root / "key").write_text(add_key(root / "keys/keys.json", "shop", ("judge",)))
        (root / "keys/keys.json").chmod(0o444)
        for folder in (root, root / "rules", root / "keys"):
            folder.chmod(0o555)
        if "--reuid=10001" in powerless():
            for folder in ("cache", "tmp"):
                os.chown(root / folder, 10001, 10001)
        yield root
        root.chmod(0o755)


def moved(word, root):
    """A word of a command or an environment, with the paths of the image put under `root`."""
    return re.sub(r"(?<![\w/])/(etc/judge/|(?=cache|tmp))", f"{root}/", word)


def test_the_image_judges_as_nobody_and_ends_in_order(root):
    (container,) = manifest("Deployment")["spec"]["template"]["spec"]["containers"]
    assert last("cpu", "ENTRYPOINT") == ["judge"]
    command = [sys.executable, "-m", "judge", *(moved(one, root) for one in container["args"]), "--port=0"]
    command += ["--processes=1"]  # two cores are shared with other tests
    command = [*powerless(), *command]
    given = {
        **{name: moved(one, root) for name, one in environment("cpu").items()},
        **{name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS") if name in os.environ},
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "TMPDIR": str(root / "tmp"),
    }
    with subprocess.Popen(command, cwd=root, env=given, text=True, stderr=subprocess.PIPE) as started:
        try:
            said = ""
            for line in started.stderr:
                said += line
                if found := re.search(r"serving house-rules on (http://\S+)", line):
                    break
            else:
                pytest.fail(said)
            url = found[1].replace("0.0.0.0", "127.0.0.1")
            for target in ("cpu", "cuda"):
                assert looked_after(healthcheck(target), url) == 0
            with Client(url, key=(root / "key").read_text()) as client:
                assert client.judge(DRAWING).violations == ("body-on-fire",)
            started.send_signal(signal.SIGTERM)
            assert started.wait(60) == 0
            assert started.stderr.read() == ""
        finally:
            started.kill()
    assert looked_after(healthcheck("cpu"), url) == 1
    assert {one.name for one in root.iterdir()} == {"rules", "keys", "cache", "tmp", "key"}


def looked_after(command, url):
    python, *words = (word.replace("http://127.0.0.1:8080", url) for word in command)
    assert python == "python"
    return subprocess.run([sys.executable, *words], capture_output=True, timeout=30).returncode
