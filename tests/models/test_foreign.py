"""Checkpoints that bring code of their own, that are of another kind, or that are broken: said plainly, and nothing
runs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import transformers as tf
import typer

from judge.assemble import load_judge, load_llm
from judge.cli.doctor import doctor, exit_of, of_model
from judge.errors import UserError
from judge.models.transformers import checkpoints, internals
from judge.models.transformers.checkpoints import architecture, loaded
from judge.models.transformers.image_text import load_encoder
from judge.models.transformers.mllm import load_mllm
from judge.models.transformers.owlv2 import load_owlv2
from judge.settings import Settings
from tests import tiny
from tests.inside import given_back
from tests.models.conftest import FULL

CODE = """
from pathlib import Path
Path({marker!r}).write_text("ran")
from transformers import {base}
class Own({base}):
    {body}
"""


@pytest.fixture
def answers_yes(monkeypatch):
    """Somebody who pipes `yes` into whatever asks."""
    asked = []
    monkeypatch.setattr("builtins.input", lambda text="": asked.append(text) or "y")
    return asked


def edit(path, **more):
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(said | more), encoding="utf-8")


@pytest.fixture
def with_code(checkpoint, tmp_path):
    """Makes a checkpoint whose part `name` is Python code in its folder. Gives the folder, and what exists once it
    ran."""

    def make(family, name, base, body="pass", **more):
        folder, marker = tmp_path / "own", tmp_path / "ran"
        shutil.copytree(checkpoint(family), folder)
        (folder / "code.py").write_text(CODE.format(marker=str(marker), base=base, body=body), encoding="utf-8")
        file = {
            "AutoTokenizer": "tokenizer_config", "AutoProcessor": "processor_config", "AutoImageProcessor": "processor_config",
        }.get(name, "config")  # fmt: skip
        reference = "code.Own"
        edit(
            folder / f"{file}.json",
            auto_map={name: [reference, None] if name == "AutoTokenizer" else reference},
            **more,
        )
        return folder, marker

    return make


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("bundeld", "no model 'bundeld'", "did you mean `bundled`?"), ("Bundled", "no model", "did you mean `bundled`?"),
        ("ftp://localhost/v1", "not the address of a server: ftp://localhost/v1", "such as http://localhost:8000/v1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("load", [load_llm, lambda name: load_judge("demo", model=name)])
def test_a_name_that_is_none_is_told_before_the_hub_is_asked(name, said, hint, load):
    with pytest.raises(UserError, match=said) as caught:
        load(name)
    assert caught.value.hint == hint


PARTS = [
    ("AutoConfig", "PreTrainedConfig", 'model_type = "own"', {"model_type": "own"}, "configuration"),
    ("AutoModelForImageTextToText", "PreTrainedModel", "pass", {}, None),  # transformers has one of its own
    ("AutoTokenizer", "PreTrainedTokenizerFast", "pass", {"tokenizer_class": "Own"}, None),
    ("AutoProcessor", "ProcessorMixin", "pass", {"processor_class": "Own"}, "processor"),
]


@pytest.mark.parametrize(("name", "base", "body", "more", "refused"), PARTS)
def test_code_that_comes_with_a_model_never_runs_unasked(with_code, answers_yes, name, base, body, more, refused):
    folder, marker = with_code("llava", name, base, body, **more)
    if refused:
        with pytest.raises(UserError, match=f"its {refused} needs Python code that comes with it") as caught:
            load_mllm(str(folder), FULL)
        assert "--trust-remote-code" in caught.value.hint
    else:
        load_mllm(str(folder), FULL)
    assert not marker.exists() and answers_yes == []


@pytest.mark.parametrize(
    "load",
    [lambda *a: load_encoder(*a), lambda *a: load_owlv2(*a, "detector"), architecture, lambda a, _: load_llm(a)],
)
def test_nor_for_any_other_kind_of_model(with_code, answers_yes, load):
    folder, marker = with_code("clip", "AutoConfig", "PreTrainedConfig", 'model_type = "own"', model_type="own")
    with pytest.raises(UserError, match="Python code that comes with it"):
        load(str(folder), FULL)
    assert not marker.exists() and answers_yes == []


def test_code_runs_where_it_is_asked_for(with_code, answers_yes):
    folder, marker = with_code("llava", "AutoConfig", "PreTrainedConfig", 'model_type = "own"', model_type="own")
    assert architecture(str(folder), Settings(trust_remote_code=True)) == "own"
    assert marker.exists() and answers_yes == []


FOREIGN = [
    ("model.Q4_K_M.gguf", "llama.cpp"), ("adapter_config.json", "adapter"), ("model_index.json", "makes images"),
    ("model.onnx", "ONNX"), ("pytorch_model.bin", "pickled"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "what"), FOREIGN)
def test_a_folder_of_another_kind_is_called_by_its_name(tmp_path, file, what):
    (tmp_path / file).write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match=what) as caught:
        load_mllm(str(tmp_path), FULL)
    assert caught.value.hint


def pickled_weights(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def no_processor(folder):
    for name in ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json", "tokenizer.json"):
        (folder / name).unlink(missing_ok=True)


def broken_tokenizer(folder):
    (folder / "tokenizer.json").write_text('{"version": "1.0", "model": 7}', encoding="utf-8")


def configuration_is_a_list(folder):
    (folder / "config.json").write_text("[1, 2]", encoding="utf-8")


def sizes_are_words(folder):
    edit(folder / "config.json", text_config={"model_type": "llama", "hidden_size": "wide"})


def a_shard_is_missing(folder):
    (folder / "model.safetensors").unlink()
    index = {"metadata": {}, "weight_map": {"lm_head.weight": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def an_unknown_family(folder):
    edit(folder / "config.json", model_type="from-next-year")


def heads(count):
    def spoil(folder):
        said = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        edit(folder / "config.json", text_config=said["text_config"] | {"num_attention_heads": count})

    return spoil


def cut(name):
    def spoil(folder):
        (folder / name).write_text((folder / name).read_text(encoding="utf-8")[:40], encoding="utf-8")

    return spoil


def without(name):
    return lambda folder: (folder / name).unlink()


def a_pointer(folder):
    (folder / "tokenizer.json").write_text("version https://git-lfs.github.com/spec/v1\n", encoding="utf-8")


BROKEN = [
    (pickled_weights, "no weights in the folder (*.safetensors), but pickled weights (pytorch_model.bin)"), (no_processor, "its processor: no tokenizer in the folder"),
    (broken_tokenizer, "its processor: tokenizer.json holds no tokenizer"), (an_unknown_family, "its configuration:"),
    (configuration_is_a_list, "its configuration: config.json is no JSON object"), (sizes_are_words, "its configuration:"),
    (a_shard_is_missing, "model-00001-of-00002.safetensors is missing"), (a_pointer, "a pointer of git LFS"),
    (cut("tokenizer.json"), "its processor: tokenizer.json is no JSON"),
    (cut("processor_config.json"), "its processor: processor_config.json is no JSON"),
    (without("tokenizer.json"), "no tokenizer in the folder"), (heads(3), "number of attention heads"),
    (heads(8), "config.json does not fit the weights: "),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "part"), BROKEN)
def test_a_broken_checkpoint_is_refused_and_the_part_named(checkpoint, tmp_path, spoil, part):
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "broken")
    spoil(folder)
    with pytest.raises(UserError, match="cannot load") as caught:
        load_mllm(str(folder), FULL)
    assert part in caught.value.message and caught.value.hint
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (None, None), (pickled_weights, "no weights in the folder"), (cut("tokenizer.json"), "tokenizer.json is no JSON"),
        (cut("config.json"), "config.json is no JSON"), (without("processor_config.json"), "no image processor"),
        (a_shard_is_missing, "model-00001-of-00002.safetensors is missing"), (no_processor, "no tokenizer"),
    ],
)  # fmt: skip
def test_doctor_says_which_part_of_a_folder_is_damaged(checkpoint, tmp_path, spoil, said):
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "ill")
    if spoil is not None:
        spoil(folder)
    found = of_model(str(folder))
    assert found["found"] == "folder"
    assert (found["wrong"] is None) if said is None else said in found["wrong"]
    assert exit_of(found) == (0 if said is None else 2)


def another_processor(folder):
    edit(folder / "processor_config.json", processor_class="NoSuchProcessor")


def a_template_that_fails_on_pictures(folder):
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8").replace("<image>", "{{ 1 // 0 }}"), encoding="utf-8")


UNREAD = [
    (lambda folder: (folder / "chat_template.jinja").unlink(), "no chat template"),
    (lambda folder: no_place_for_pictures(folder), "its chat template leaves pictures out"),
    (a_template_that_fails_on_pictures, "chat template fails on a picture: ZeroDivisionError"),
    (lambda folder: a_template_that_fails(folder), "chat template fails: "),
    (lambda folder: no_word_for_yes(folder), "no single token for 'yes'"),
    (another_processor, "which does not take a picture and text"),
    (lambda folder: edit(folder / "config.json", auto_map={"AutoConfig": "code.Own"}, model_type="own"), "Python code"),
    (an_unknown_family, "knows no family 'from-next-year'"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), UNREAD)
def test_doctor_and_loading_refuse_the_same_and_doctor_reads_no_weight(checkpoint, tmp_path, spoil, said):
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "unfit")
    spoil(folder)
    with pytest.raises(UserError, match=re.escape(said)) as caught:
        load_mllm(str(folder), FULL)
    assert caught.value.hint and "transformers 5" not in caught.value.message
    found = of_model(str(folder))
    assert said in found["wrong"] and exit_of(found) == 2


def gguf_weights(folder):
    (folder / "model.safetensors").rename(folder / "model-Q4_K_M.gguf")


@pytest.mark.parametrize(
    ("spoil", "todo"), [(pickled_weights, "use_safetensors=False"), (gguf_weights, "llama-server -m")]
)
def test_weights_of_another_kind_beside_a_configuration_say_what_to_do(checkpoint, tmp_path, spoil, todo):
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "other")
    spoil(folder)
    with pytest.raises(UserError, match=r"but (pickled weights|weights for llama.cpp)") as caught:
        load_mllm(str(folder), FULL)
    assert todo in caught.value.hint
    assert "no weights in the folder" in of_model(str(folder))["wrong"]
    shutil.copy(checkpoint("llava") / "model.safetensors", folder)  # both are there: nothing is amiss
    load_mllm(str(folder), FULL)


@pytest.mark.parametrize("installed", ["5.25.0", "99.0.0"])
def test_a_failure_inside_transformers_names_its_version_and_not_the_files(checkpoint, monkeypatch, installed):
    versions = {"transformers": installed}
    real = internals.metadata.version
    monkeypatch.setattr(internals.metadata, "version", lambda name: versions.get(name) or real(name))
    monkeypatch.setattr(tf.LlavaConfig, "from_dict", raise_(ValueError("Unsupported device type 'meta'")))
    with pytest.raises(UserError) as caught:
        load_mllm(str(checkpoint("llava")), FULL)
    assert f"transformers {installed} failed: ValueError: Unsupported device type 'meta'" in caught.value.message
    assert ("tested with transformers" if installed == "99.0.0" else "judge doctor") in caught.value.hint
    assert "get the model again" not in caught.value.hint


def raise_(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.mark.parametrize(
    ("source", "raised", "todo"),
    [
        ("someone/model-GGUF", "no file named config.json", "llama-server -m"),
        ("someone/model", "cannot be loaded with `safetensors`. Please do not set", "use_safetensors=False"),
    ],
)
def test_so_does_what_the_hub_has_in_their_place(source, raised, todo, monkeypatch):
    monkeypatch.setattr(checkpoints, "only_local", lambda _: False)

    def load(_):
        raise OSError(raised)

    with pytest.raises(UserError) as caught:
        loaded(source, "model", load)
    assert todo in caught.value.hint


def test_doctor_knows_a_model_that_looks_at_no_picture(tmp_path, checkpoint):
    assert "another kind (llama)" in of_model(str(tiny.build_text(tmp_path)))["wrong"]
    assert "another kind (clip)" in of_model(str(checkpoint("clip")))["wrong"]


def test_doctor_says_that_a_model_is_neither_here_nor_to_be_had(monkeypatch, capsys):
    monkeypatch.setattr("judge.cli.doctor._hub", lambda: "not reachable (ConnectError)")
    with pytest.raises(typer.Exit) as ended:
        doctor("someone/no-such-model", json=True)
    assert ended.value.exit_code == 3
    assert (
        json.loads(capsys.readouterr().out)["model"]["wrong"]
        == "it is not here, and the hub: not reachable (ConnectError)"
    )


def test_a_language_model_of_text_alone_is_no_judge_of_images(tmp_path):
    with pytest.raises(UserError, match="cannot load"):
        load_mllm(str(tiny.build_text(tmp_path)), FULL)


def no_place_for_pictures(folder):
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8").replace("<image>\n", ""), encoding="utf-8")


def a_template_that_fails(folder):
    (folder / "chat_template.jinja").write_text("{{ messages[7].content }}{% for %}", encoding="utf-8")


def no_word_for_yes(folder):
    path = folder / "tokenizer.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    words = said["model"]["vocab"]
    said["model"]["vocab"] = {
        f"#{index}" if word.strip("\u0120").casefold() == "yes" else word: index for word, index in words.items()
    }
    said["model"]["merges"] = [
        pair for pair in said["model"]["merges"] if "".join(pair).strip("\u0120").casefold() != "yes"
    ]
    path.write_text(json.dumps(said), encoding="utf-8")


UNFIT = [
    (no_place_for_pictures, "leaves pictures out"), (a_template_that_fails, "chat template fails"),
    (no_word_for_yes, "no single token for 'yes'"), (a_shard_is_missing, "00002.safetensors is missing"), (an_unknown_family, "its config"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), UNFIT)
def test_the_command_says_so_in_two_lines_and_judges_nothing(checkpoint, tmp_path, monkeypatch, capsys, spoil, said):
    """Exit code 2, the part and what to do, no traceback, and no verdict."""
    from judge.cli import main as command

    monkeypatch.setattr("sys.warnoptions", ["error"])
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "unfit")
    spoil(folder)
    image = Path(__file__).resolve().parents[2] / "examples" / "images" / "body-on-fire-violating.png"
    monkeypatch.setattr("sys.argv", ["judge", "check", str(image), "--model", str(folder), "--device", "cpu", "--json"])
    with pytest.raises(SystemExit) as ended, given_back():
        command.main()
    out, err = capsys.readouterr()
    assert ended.value.code == 2 and out == ""
    assert said in err and "Traceback" not in err
