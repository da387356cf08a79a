"""A folder on the command line: every entry of it is judged, refused or named as passed over. Nothing is lost."""

from __future__ import annotations

import io
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from judge.cli.exits import Exit
from judge.cli.inputs import NAMED, Inputs, expand
from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedMllm
from tests.cli.test_check import NO, RULES, images, run, says  # noqa: F401 (fixtures)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "PNG")
    return buffer.getvalue()


def listed(out: str) -> list[str]:
    return [json.loads(line)["image"] for line in out.splitlines()]


def test_a_folder_is_its_images_at_any_depth_in_order(run, says, images):  # noqa: F811
    deeper = images[0].parent / "b2"
    deeper.mkdir()
    Image.new("RGB", (40, 40)).save(deeper / "PHOTO.JFIF", "JPEG")
    Image.new("RGB", (40, 40)).save(deeper / "without suffix", "PNG")
    (deeper / "notes.txt").write_text("no image")
    says(NO, NO, NO, NO, NO)
    code, out, said = run("check", "--json", images[0].parent)
    assert code == Exit.NO_VIOLATION
    assert listed(out) == sorted(map(str, [*images, deeper / "PHOTO.JFIF", deeper / "without suffix"]))
    assert f"judge: skipped 1 file that is no image: {deeper / 'notes.txt'} (1 text)\n" in said


@pytest.mark.timeout(30)
def test_what_the_suffix_does_not_tell_is_judged_or_refused(run, says, images):  # noqa: F811
    """Each of these was passed over in silence once, and the exit code said 0."""
    folder = images[0].parent
    for name, kind in {"a.ico": "ICO", "a.jp2": "JPEG2000", "a.tga": "TGA", "a.heic": "PNG", "nothing": "PNG"}.items():
        Image.new("RGB", (40, 40), "white").save(folder / name, kind)
    (folder / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "dangling.png").symlink_to("nowhere")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "device").symlink_to("/dev/null")
    os.mkfifo(folder / "pipe.gif")
    (outside := folder.parent / "outside").mkdir()
    (outside / "linked.png").write_bytes(png())
    (folder / "there").symlink_to(outside)
    (folder / "up").symlink_to(".")
    says(*[NO] * 12)
    code, out, said = run("check", "--json", folder)
    assert code == Exit.NEEDS_REVIEW
    verdicts = {Path(one["image"]).name: one for one in map(json.loads, out.splitlines())}
    refused = {
        "dangling.png": "a link to something that is not there", "loop.jpg": "a link that leads back to itself",
        "device": "a device, not a file", "pipe.gif": "a named pipe, not a file",
    }  # fmt: skip
    assert {name: verdicts[name]["reasons"] for name in refused} == {name: [why] for name, why in refused.items()}
    assert set(verdicts) == {
        "a.png", "b.png", "c.png", "a.ico", "a.jp2", "a.tga", "a.heic", "a.svg", "nothing", "linked.png", *refused,
    }  # fmt: skip
    assert f"skipped 1 folder that was looked at under another name: {folder / 'up'}\n" in said
    assert f"judge: {len(verdicts)} images in " in said


def test_a_folder_whose_only_image_is_none_goes_to_a_person_in_the_table_too(run, says, tmp_path):  # noqa: F811
    (tmp_path / "deeper").mkdir()
    wrong = tmp_path / "deeper" / "notes.PNG"
    wrong.write_text("no image")
    says()
    code, out, _ = run("check", tmp_path)
    assert code == Exit.NEEDS_REVIEW
    assert out.splitlines()[0] == f"needs_review {wrong}"
    assert "not an image of a known format" in out
    assert "hint: known: PNG" in out


def test_a_broken_film_is_told_of_films(run, says, tmp_path):  # noqa: F811
    (tmp_path / "broken.mp4").write_text("x" * 40)
    says()
    code, out, _ = run("check", tmp_path / "broken.mp4")
    assert code == Exit.NEEDS_REVIEW
    assert "HEIC; and films: MP4, QuickTime" in out


def test_a_folder_without_images_is_a_mistake(run, tmp_path):  # noqa: F811
    (tmp_path / "notes.txt").touch()
    code, out, said = run("check", tmp_path)
    assert (code, out) == (Exit.USER_MISTAKE, "")
    hint = f"skipped 1 file that is no image: {tmp_path / 'notes.txt'} (1 empty)"
    assert f"no images in the folder {tmp_path}\n  hint: {hint}" in said
    (tmp_path / "notes.txt").unlink()
    assert f"no images in the folder {tmp_path}\n  hint: it is empty" in run("check", tmp_path)[2]


def test_a_folder_that_cannot_be_listed_is_a_failure_not_a_clean_result(run, says, images, monkeypatch):  # noqa: F811
    (locked := images[0].parent / "locked").mkdir()
    really = os.scandir

    def closed(path):
        if str(path) == str(locked):
            raise PermissionError(13, "Permission denied", path)
        return really(path)

    monkeypatch.setattr(os, "scandir", closed)
    says(NO, NO, NO)
    code, out, _ = run("check", "--json", images[0].parent)
    assert code == Exit.FAILURE, "trying again may help, once it is open"
    assert listed(out) == sorted(map(str, [*images, locked]))
    assert json.loads(out.splitlines()[-1])["reasons"] == ["cannot be read (Permission denied)"]
    code, out, _ = run("check", "--json", locked)
    assert (code, listed(out)) == (Exit.FAILURE, [str(locked)])


def test_a_named_file_is_never_passed_over(run, says, tmp_path):  # noqa: F811
    (tmp_path / "notes.txt").write_text("no image")
    says()
    code, out, _ = run("check", "--json", tmp_path / "notes.txt")
    assert (code, listed(out)) == (Exit.NEEDS_REVIEW, [str(tmp_path / "notes.txt")])


def test_many_names_are_counted_and_the_first_are_told(tmp_path, capsys):
    for index in range(NAMED + 5):
        (tmp_path / f"{index:02}\n.txt").write_text("words")
    (tmp_path / "a.png").write_bytes(png())
    assert expand([str(tmp_path)]) == [str(tmp_path / "a.png")]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"judge: skipped {NAMED + 5} files that are no images: {tmp_path}/00\\n.txt, ")
    assert line.endswith(r"19\n.txt and 5 more (25 text)")


def test_with_json_each_name_is_told(run, says, images):  # noqa: F811
    """A machine that reads on must be able to account for every file."""
    folder = images[0].parent
    for index in range(NAMED + 5):
        (folder / f"{index:02}\n.txt").write_text("words")
    (folder / os.fsdecode(b"n\xff.txt")).write_text("words")
    (folder / "up").symlink_to(".")
    says(NO, NO, NO)
    said = run("check", "--json", folder)[2].splitlines()
    told = [f"judge: skipped {folder}/{index:02}\\n.txt (text)" for index in range(NAMED + 5)]
    told += [f"judge: skipped {folder}/n\\udcff.txt (text)"]
    told += [f"judge: skipped {folder}/up (looked at under another name)"]
    assert [line for line in said if line in told] == told
    says(NO, NO, NO)
    assert not any(line in told for line in run("check", folder)[2].splitlines())


def test_names_of_broken_bytes_are_valid_json_and_plain_text(run, says, tmp_path):  # noqa: F811
    (tmp_path / os.fsdecode(b"a\xff\xfe.png")).write_bytes(png())
    for name in ("p.PNG", "q.png"):
        os.mkfifo(tmp_path / name)
    says(NO)
    _, out, _ = run("check", "--json", tmp_path)
    assert listed(out) == [f"{tmp_path}/a\\udcff\\udcfe.png", f"{tmp_path}/p.PNG", f"{tmp_path}/q.png"]
    assert [json.loads(line)["reasons"] for line in out.splitlines()[1:]] == [["a named pipe, not a file"]] * 2
    says(NO)
    _, out, _ = run("check", tmp_path)
    assert f"{tmp_path}/a\\udcff\\udcfe.png" in out
    assert out.encode()


def test_a_folder_is_read_while_it_is_judged(tmp_path):
    """Nothing is listed ahead: what is put into a folder further down while it runs is found."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(png())
    inputs = iter(Inputs([str(tmp_path)]))
    assert next(inputs) == str(tmp_path / "a" / "1.png")
    (tmp_path / "b" / "2.png").write_bytes(png())
    assert [Path(one).name for one in inputs] == ["1.png", "2.png"]


def test_an_empty_name_is_a_mistake():
    with pytest.raises(UserError, match="the name of an image is empty"):
        Inputs(["a.png", ""])


KINDS = {
    "image": lambda path: path.write_bytes(png()),
    "cut image": lambda path: path.write_bytes(png()[:40]),
    "empty": lambda path: path.touch(),
    "text": lambda path: path.write_text("words"),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "folder": lambda path: path.mkdir(),
    "full folder": lambda path: (path.mkdir(), (path / "in.png").write_bytes(png())),
    "pipe": os.mkfifo,
    "dangling": lambda path: path.symlink_to("nowhere at all"),
    "loop": lambda path: path.symlink_to(path.name),
    "up": lambda path: path.symlink_to("."),
    "device": lambda path: path.symlink_to("/dev/zero"),
}
NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=8)
SUFFIXED = st.builds(
    "{}{}".format, NAMES, st.sampled_from(["", ".png", ".JPG", ".txt", ".heic", "\n.png", "\udcff", ".db"])
).filter(lambda name: name not in (".", ".."))


@pytest.mark.timeout(120)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(SUFFIXED, st.sampled_from(sorted(KINDS)), max_size=10))
def test_images_in_are_verdicts_out_and_named_skips(mixture):
    """Whatever lies in a folder: every entry has a verdict of its own or is named as skipped; nothing that is or may
    be an image is skipped, and what is none never passes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for entry, kind in mixture.items():
            KINDS[kind](folder / entry)
        expected = {
            f"{name}/{entry}" + ("/in.png" if kind == "full folder" else ""): kind
            for entry, kind in mixture.items()
            if kind not in ("folder", "up")
        }
        try:
            inputs = Inputs([name])
        except UserError as error:
            assert "no images in the folder" in error.message
            assert all(kind in ("empty", "text") for kind in expected.values())
            return
        count = sum(kind in ("image", "full folder") for kind in expected.values())
        judge = Judge(RULES, ScriptedMllm({"fire is visible": [NO] * count}, {"fire is visible": 0.5}))
        verdicts = list(judge.judge_many(inputs))
        told = " ".join(inputs.skipped())
    judged = {one.image: one.verdict for one in verdicts}
    for path, kind in expected.items():
        shown = path.encode("utf-8", "backslashreplace").decode()
        if shown not in judged:
            assert kind in ("empty", "text")
            assert not path.lower().endswith((".png", ".jpg", ".heic"))
            assert "".join(one if one.isprintable() else repr(one)[1:-1] for one in path) in told
        else:
            assert judged[shown] == ("no_violation" if kind in ("image", "full folder") else "needs_review")
    assert len(verdicts) + sum(inputs.counts.values()) == len(expected) + list(mixture.values()).count("up")
