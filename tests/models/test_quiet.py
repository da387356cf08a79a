"""What a user sees of the libraries underneath: nothing, in the command and from Python; their own logging is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tqdm import tqdm
from transformers.utils import logging

from judge.models.transformers.quiet import quiet

ROOT = Path(__file__).resolve().parents[2]
LOAD = """
import logging, sys
from transformers.utils import logging as theirs
{before}
from judge.models.transformers.image_text import load_encoder
from judge.settings import Settings
for folder in sys.argv[1:]:
    load_encoder(folder, Settings(device="cpu"))
print(theirs.get_verbosity(), theirs.is_progress_bar_enabled())
"""
PROBE = """

from judge.models.transformers.mllm import load_mllm
from judge.ports import Conversation, Turn
inside = load_mllm(sys.argv.pop(), Settings(device="cpu")).inside()
print(len(inside.generated(Conversation(None, (Turn("user", "?"),)), 2).texts))
"""
TALK = """
import logging, warnings
from judge.cli.talk import only_our_talk
only_our_talk()
logging.getLogger("judge").warning("ours")
logging.getLogger("judge.models.openai.remote").warning("ours as well")
logging.getLogger("some.library").warning("not ours")
warnings.warn("nor this", FutureWarning)
import huggingface_hub.utils.logging as hub
hub.get_logger("huggingface_hub.file_download").warning("nor that")
"""


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if name[:3] != "HF_"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, check=True,
        env={**surroundings, **environment},
    )  # fmt: skip


def test_loading_from_python_and_the_plain_passes_of_a_probe_say_nothing_and_change_no_setting(checkpoint):
    """CLIP's and SigLIP's weights are loaded each in a way of its own; Janus generates in one, and advises at length."""
    folders = [str(checkpoint(family)) for family in ("clip", "siglip", "janus")]
    done = run("import sys\nfrom judge.settings import Settings" + PROBE + LOAD.format(before=""), *folders)
    assert (done.stdout, done.stderr) == (f"2\n{logging.WARNING} True\n", "")


def test_a_users_own_choice_wins_while_loading(checkpoint):
    """CLIP's checkpoint makes transformers warn of token ids beyond its vocabulary."""
    done = run(LOAD.format(before=""), str(checkpoint("clip")), TRANSFORMERS_VERBOSITY="info")
    assert "bos_token_id" in done.stderr


def test_quiet_puts_back_what_was_set_after_an_error():
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    with pytest.raises(KeyError), quiet():
        assert logging.get_verbosity() == logging.ERROR
        assert not logging.is_progress_bar_enabled()
        raise KeyError
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_bars_that_packages_draw_by_themselves_are_not_drawn(capfd):
    """compressed-tensors draws four while it loads, and knows no switch."""
    with quiet():
        assert list(tqdm(range(3), disable=False)) == [0, 1, 2]
    assert capfd.readouterr() == ("", "")
    assert list(tqdm(range(3))) == [0, 1, 2]
    assert "3/3" in capfd.readouterr().err


def test_blocks_that_overlap_in_two_threads_put_back_what_was_set_before_both():
    before = logging.get_verbosity(), logging.is_progress_bar_enabled(), tqdm.__init__
    first, second = quiet(), quiet()
    with ThreadPoolExecutor(1) as other:
        first.__enter__()
        other.submit(second.__enter__).result()
        first.__exit__(None, None, None)
        assert logging.get_verbosity() == logging.ERROR  # the second is not at its end
        other.submit(second.__exit__, None, None, None).result()
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled(), tqdm.__init__) == before


def test_the_command_passes_on_its_own_words_only_and_once():
    assert run(TALK).stderr == "judge: ours\njudge: ours as well\n"


def test_the_command_passes_on_what_the_user_asks_for():
    done = run(TALK, PYTHONWARNINGS="default", HF_HUB_VERBOSITY="warning")
    assert "nor this" in done.stderr
    assert "nor that" in done.stderr
