"""The text guard: what it learns, the order that it gives, its threshold, and what is said of what is left out."""

from __future__ import annotations

import csv
import itertools

import pytest
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.errors import UserError
from judge.files import CELL
from judge.text_guard import TextGuard, chosen, ranked, sampled, trained

GAMES, PRIZES = ("roulette", "slots", "blackjack", "poker", "bingo"), ("free spins", "a bonus", "a jackpot", "chips")
LOUD = [f"play {game} now and win {prize}" for game, prize in itertools.product(GAMES, PRIZES)]
LOUD += [f"{prize} at every table of {game}" for game, prize in itertools.product(GAMES, PRIZES)]
FOODS, WAYS = ("leeks", "carrots", "lentils", "rice"), ("simmer gently", "bake until golden", "serve with herbs")
FINE = [f"{way} the {food}" for way, food in itertools.product(WAYS, FOODS)]
UNSEEN = ["win free spins on slots today", "a bonus for poker, play now", "blackjack and bingo: a jackpot every table",
          "play now, chips at roulette", "free chips, win now"]  # fmt: skip


@pytest.fixture(scope="module")
def guard():
    return trained(LOUD)


def test_text_like_what_it_knows_is_easier_to_foretell(guard):
    like, unlike = [guard.perplexity(one) for one in UNSEEN], [guard.perplexity(one) for one in FINE]
    assert max(like) < min(unlike)
    assert guard.perplexity("WIN  Free\u3000Spins on slots today") == pytest.approx(like[0])  # case, width, spaces
    assert guard.perplexity("") is guard.perplexity(" \n") is None
    assert guard.perplexity("漢字 ☃") > max(unlike)  # letters that it never saw


def test_a_letter_is_foretold_by_probabilities_that_sum_to_one(guard):
    letters = [*guard.counts[""], "<UNK>"]
    for before in ("", "w", "fre", "play", "zzzz"):
        chances = sum(guard._model.score(letter, tuple(before)) for letter in letters)
        assert chances == pytest.approx(1.0, abs=0.02)


def test_it_is_the_same_when_read_from_its_file(guard, tmp_path):
    path = tmp_path / "guard.json"
    path.write_text(guard.model_dump_json())
    again = TextGuard.read(path)
    assert again == guard and again.perplexity(UNSEEN[0]) == guard.perplexity(UNSEEN[0])
    path.write_text("{}")
    with pytest.raises(UserError, match="is no text guard"):
        TextGuard.read(path)


def test_too_few_texts_teach_nothing():
    with pytest.raises(UserError, match="1 different texts are too few"):
        trained(["the same"] * 99)


def test_the_threshold_has_the_best_macro_f1_and_is_measured_where_it_was_not_chosen():
    def macro(labelled, below):
        found = []
        for side in (True, False):
            right = sum((one < below) is side and bad is side for one, bad in labelled)
            wrong = sum(((one < below) is side) is not (bad is side) for one, bad in labelled)
            found.append(2 * right / (2 * right + wrong) if right else 0.0)
        return sum(found) / 2

    labelled = [(float(value), value % 7 < 3 if value > 20 else value < 14) for value in range(1, 41)]
    found = chosen(labelled, [1.0, 50.0, 2.0, 60.0])
    values = sorted(one for one, _ in labelled)
    best = max(macro(labelled, (low + high) / 2) for low, high in itertools.pairwise(values))
    assert macro(labelled, found.below) == pytest.approx(best)
    assert found.macro_f1 <= best and found.flagged == 0.5 and found.harmful + found.fine == 40
    with pytest.raises(UserError, match="too few to choose a threshold"):
        chosen([(1.0, True)] * 4 + [(2.0, False)] * 9)


def test_a_table_is_ordered_and_loses_no_row(guard):
    rows = [{"caption": text, "path": str(number)} for number, text in enumerate([*FINE, "", *UNSEEN])]
    found = ranked(rows, "caption", guard)
    assert sorted(one.row["path"] for one in found) == sorted(row["path"] for row in rows)
    assert {one.row["caption"] for one in found[: len(UNSEEN)]} == set(UNSEEN) and found[-1].perplexity is None
    taken = sampled(found, 5, 4)
    assert [one.stratum for one in taken] == ["first"] * 5 + ["random"] * 4
    assert len({one.row["path"] for one in taken}) == 9 and len(sampled(found, 5, 99)) == len(found)


def read(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def run(*arguments):
    return CliRunner().invoke(app, ["text-guard", *map(str, arguments)])


def test_the_verbs_from_texts_to_a_table_for_a_batch(tmp_path):
    (tmp_path / "harmful.txt").write_text("\n".join(LOUD))
    marked = [(text, "harmful") for text in (*UNSEEN, LOUD[0])] + [(text, "fine") for text in FINE]
    (tmp_path / "marked.csv").write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in marked))
    (tmp_path / "plain.txt").write_text("\n".join([*FINE, UNSEEN[0]]))
    guard = tmp_path / "guard.json"
    found = run("train", tmp_path / "harmful.txt", "-o", guard, "--labelled", tmp_path / "marked.csv",
                "--unlabelled", tmp_path / "plain.txt")  # fmt: skip
    assert found.exit_code == 0, found.output
    assert "1 labelled lines are empty, were trained on, or stand twice: left out" in found.stderr
    assert "macro-F1 1.000" in found.stdout and "of 13 unlabelled lines it flags 7.7%" in found.stdout
    table = tmp_path / "pictures.csv"
    table.write_text("path,caption\na.png,bake the rice\nb.png,\nc.png,win free spins\n", encoding="utf-8-sig")
    found = run("rank", table, "--guard", guard, "-o", tmp_path / "ranked.csv")
    assert found.exit_code == 0 and "3 of 3 rows" in found.stdout and "1 without a text" in found.stdout
    rows = read(tmp_path / "ranked.csv")
    assert [row["path"] for row in rows] == ["c.png", "a.png", "b.png"]
    assert [row["text_flagged"] for row in rows] == ["true", "false", ""]
    found = run("rank", table, "--guard", guard, "-o", tmp_path / "some.csv", "--first", 1, "--at-random", 1)
    assert "1 rows are not in it: they are not cleared" in found.stdout
    assert [row["text_stratum"] for row in read(tmp_path / "some.csv")] == ["first", "random"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"path,words\na.png,x\n", "has no column 'caption'"),
        (b"path,caption\na.png\n", "line 2: it has 1 cell, and the head has 2"),
        (b"path,caption\na.png,x,y\n", "line 2: it has 3 cells"),
        (b"path,path\na.png,x\n", "the column path stands there twice"),
        (b"", "no rows"),
        ("path,caption\na.png,Bär\n".encode("latin-1"), "is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path, guard, text, said):
    (tmp_path / "guard.json").write_text(guard.model_dump_json())
    (tmp_path / "t.csv").write_bytes(text)
    found = run("rank", tmp_path / "t.csv", "--guard", tmp_path / "guard.json", "-o", tmp_path / "o.csv")
    assert isinstance(found.exception, UserError) and said in str(found.exception)


@pytest.fixture
def files(tmp_path, guard):
    (tmp_path / "guard.json").write_text(guard.model_dump_json())
    (tmp_path / "t.csv").write_text("path,caption\na.png,bake the rice\nb.png,win free spins\n")
    (tmp_path / "harmful.txt").write_text("\n".join(LOUD))
    return tmp_path


def test_a_table_that_was_ordered_is_ordered_anew(files):
    table, guard = files / "ranked.csv", files / "guard.json"
    assert run("rank", files / "t.csv", "--guard", guard, "-o", table).exit_code == 0
    found = run("rank", table, "--guard", guard, "-o", files / "again.csv")
    assert found.exit_code == 0 and "text_perplexity, text_flagged, text_stratum written anew" in found.stderr
    assert (files / "again.csv").read_text() == table.read_text()
    found = run("rank", table, "--guard", guard, "-o", files / "x.csv", "--column", "text_flagged")
    assert "is a column that `rank` writes" in str(found.exception)


def test_what_is_read_is_not_written_over(files):
    before = (files / "t.csv").read_bytes()
    (files / "link.csv").symlink_to(files / "t.csv")
    for out in ("t.csv", "link.csv", "guard.json"):
        found = run("rank", files / "t.csv", "--guard", files / "guard.json", "-o", files / out)
        assert isinstance(found.exception, UserError) and "would be written over" in str(found.exception)
    found = run("train", files / "harmful.txt", "-o", files / "harmful.txt")
    assert isinstance(found.exception, UserError) and "would be written over" in str(found.exception)
    assert (files / "t.csv").read_bytes() == before


def test_one_long_caption_stops_nothing(files):
    csv.field_size_limit(CELL)
    (files / "t.csv").write_text(f"path,caption\na.png,{'win free spins ' * 20_000}\nb.png,bake the rice\n")
    found = run("rank", files / "t.csv", "--guard", files / "guard.json", "-o", files / "o.csv")
    assert found.exit_code == 0 and "2 of 2 rows" in found.stdout


def test_a_threshold_that_is_no_better_than_chance_is_warned_of(files):
    swapped = [(text, "fine") for text in UNSEEN] + [(text, "harmful") for text in FINE]
    (files / "marked.csv").write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in swapped))
    found = run("train", files / "harmful.txt", "-o", files / "g.json", "--labelled", files / "marked.csv")
    assert found.exit_code == 0 and "no better than chance" in found.stderr and "labels" in found.stderr


def test_a_file_that_is_not_there_is_said_to_be(files):
    for arguments in (
        ("train", files / "nope.txt", "-o", files / "g.json"),
        ("rank", files / "nope.txt", "--guard", files / "guard.json", "-o", files / "o.csv"),
        ("rank", files / "t.csv", "--guard", files / "nope.txt", "-o", files / "o.csv"),
    ):
        found = run(*arguments)
        assert isinstance(found.exception, UserError) and "there is no file" in str(found.exception)
        assert "UTF-8" not in f"{found.exception} {found.exception.hint}"


def test_a_labelled_line_counts_once_however_often_it_stands_there(files):
    """Else it is in the part that the threshold is measured on, and in those that it was chosen by."""

    def trained_by(times):
        lines = [(one, "harmful") for one in (UNSEEN[0].upper(), *UNSEEN)] + [(one, "fine") for one in FINE]
        rows = "".join(f'"{text}",{label}\n' for text, label in lines for _ in range(times))
        (files / "marked.csv").write_text("text,label\n" + rows)
        return run("train", files / "harmful.txt", "-o", files / "g.json", "--labelled", files / "marked.csv")

    once, often = trained_by(1), trained_by(4)
    assert once.exit_code == 0 and once.stdout == often.stdout and f"{len(UNSEEN)} harmful" in once.stdout
    assert "stand twice" in once.stderr
    (files / "marked.csv").write_text(
        "text,label\n" + f'"{UNSEEN[0]}",harmful\n' * 9 + "".join(f'"{one}",fine\n' for one in FINE)
    )
    found = run("train", files / "harmful.txt", "-o", files / "g.json", "--labelled", files / "marked.csv")
    assert isinstance(found.exception, UserError) and "1 harmful and" in str(found.exception)
