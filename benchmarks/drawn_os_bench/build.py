"""Build the Drawn OS Bench, or check that it builds to the digest on record.

    python -m benchmarks.drawn_os_bench.build OUT_DIR [--per-side 50] [--seed 1]
    python -m benchmarks.drawn_os_bench.build OUT_DIR --check

1. Fetch the pinned Twemoji package from npm into a cache (its integrity is checked).
2. Per rule of constitutions/demo.yaml, draw violating and borderline scenes; read their truth off the pixels.
3. Write the PNGs, metadata.jsonl (one line per drawing) and a README with the credits and the digest.

No GPU and no model. The same pixels each time with the library versions in DIGEST.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.drawn_os_bench.scenes import Made, Side, make
from benchmarks.drawn_os_bench.stage import CACHE, PACKAGE, Art, fetched
from judge.constitution.load import load_constitution
from judge.constitution.schema import Constitution
from judge.errors import JudgeError, UserError
from judge.files import write_whole

DIGEST = Path(__file__).with_name("DIGEST")
DEMO = Path(__file__).resolve().parents[2] / "constitutions" / "demo.yaml"
SIDES: tuple[Side, ...] = ("violating", "borderline")
PER_SIDE, SEED = 50, 1
METADATA = "metadata.jsonl"
Row = dict[str, Any]


def build(out: Path, *, per_side: int = PER_SIDE, seed: int = SEED, art: Art | None = None) -> str:
    """Write the benchmark into `out`, a new or empty folder, and give its digest. `art`: fetched where not given.

    Raises:
        UserError: the folder has files in it, or `per_side` is not even. ModelError: the art cannot be fetched.
    """
    even(per_side, "--per-side")
    empty_folder(out)
    constitution = load_constitution(DEMO)
    rows = []
    for name, made, row in scenes(constitution, art or fetched(), per_side=per_side, seed=seed):
        made.picture.save(out / name, "PNG")
        rows.append(row)
    return finish(out, rows, title="Drawn OS Bench", settings=f"--per-side {per_side} --seed {seed}")


def scenes(
    constitution: Constitution, art: Art, *, per_side: int, seed: int
) -> Iterator[tuple[str, Made, Row]]:  # fmt: skip
    """File name, drawing and metadata of every scene, rule by rule."""
    for rule in constitution.rules:
        for side in SIDES:
            for index in range(per_side):
                made = make(rule.id, side, index, seed, art, constitution)
                name = f"{rule.id}-{side}-{index:02d}.png"
                yield name, made, row_of(name, rule.id, side, made)


def row_of(name: str, rule: str, side: Side, made: Made) -> Row:
    """The metadata of one drawing."""
    tags = {"context": made.context, "cue": "shown" if made.cue else "absent"}
    return {
        "file_name": name,
        "about": rule,
        "side": side,
        "unsafe": bool(made.truth.violates),
        "violates": list(made.truth.violates),
        "ok": list(made.truth.ok),
        "holds": list(made.truth.holds),
        "fails": list(made.truth.fails),
        "missing": made.missing,
        "tags": tags | ({"missing": made.recipe.missing} if side == "borderline" else {}),
        "shows": made.shows[0].upper() + made.shows[1:] + ".",
        "sprites": [{"name": one.name, "role": one.role, "box": list(one.box)} for one in made.sprites],
    }


def even(count: int, option: str) -> None:
    """Refuse a number that cannot be half of one context and half of the other.

    Raises:
        UserError: it is odd, or none.
    """
    if count < 2 or count % 2:
        raise UserError(f"{option} is {count}, and half of each side shows its cue", hint="give an even number from 2")


def empty_folder(out: Path) -> None:
    """Make the folder.

    Raises:
        UserError: it has files in it, which would mix with the new ones.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is not an empty folder", hint="name a new folder, or delete that one first")
    out.mkdir(parents=True, exist_ok=True)


def finish(out: Path, rows: list[Row], *, title: str, settings: str) -> str:
    """Write metadata.jsonl and the README beside the drawings, and give the digest."""
    write_whole(out / METADATA, "".join(f"{_canonical(row)}\n" for row in rows))
    digest = digest_of(out)
    write_whole(out / "README.md", _readme(title, settings, digest, len(rows)))
    return digest


def digest_of(folder: Path) -> str:
    """SHA-256 over every drawing's name, pixels and metadata, in the order of names.

    Over pixels, not over the PNG files, whose compression differs between builds of zlib.

    Raises:
        UserError: the folder has no metadata, or the drawings in it are not those that the metadata names.
    """
    path = folder / METADATA
    if not path.is_file():
        raise UserError(f"{folder} has no {METADATA}", hint="build the benchmark into it first")
    rows = {row["file_name"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
    drawings = {png.name for png in folder.glob("*.png")}
    if drawings != rows.keys():
        odd = ", ".join(sorted(drawings ^ rows.keys())[:5])
        raise UserError(f"{folder}: drawings and {METADATA} do not agree about {odd}", hint="build it anew")
    total = hashlib.sha256()
    for name in sorted(rows):
        with Image.open(folder / name) as image:
            pixels = image.convert("RGB")
        picture = hashlib.sha256(f"{pixels.width}x{pixels.height}\n".encode() + pixels.tobytes()).hexdigest()
        total.update(f"{name}\n{picture}\n{_canonical(rows[name])}\n".encode())
    return total.hexdigest()


def _canonical(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(", ", ": "))


def versions() -> str:
    """The libraries whose versions may change a pixel."""
    return " ".join(f"{name}=={importlib.metadata.version(name)}" for name in ("pillow", "resvg-py"))


def check(folder: Path, kept: Path = DIGEST) -> None:
    """Compare a folder with the digest on record.

    Raises:
        UserError: they differ; it says with which library versions each was made.
    """
    expected, made_with = _on_record(kept)
    found = digest_of(folder)
    if found != expected:
        raise UserError(
            f"{folder} has digest {found}, but {kept.name} has {expected}",
            hint=f"it was recorded with {made_with}; here are {versions()}. With the same versions, and with the "
            "default --per-side and --seed, a drawing or its metadata was changed: build it anew",
        )


def _on_record(kept: Path) -> tuple[str, str]:
    digest, made_with = kept.read_text(encoding="utf-8").splitlines()
    return digest, made_with


def _readme(title: str, settings: str, digest: str, count: int) -> str:
    return f"""# {title}

{count} drawings with known truth, generated; see `docs/drawn-os-bench.md` of the project.

- settings: `{settings}`
- digest: `{digest}`
- made with: `{versions()}`

Composed from [Twemoji](https://github.com/jdecked/twemoji), copyright Twitter, Inc and other contributors, licensed
under [CC-BY 4.0](https://creativecommons.org/licenses/by/4.0/), as packaged in `{PACKAGE}`.
Changes: rendered to pixels, resized, turned, mirrored, and pasted together on plain backgrounds. These drawings are
under the same licence; keep this credit with the files.
"""


def main(arguments: list[str] | None = None) -> int:
    """The command; gives its exit code."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("out", type=Path, metavar="OUT_DIR", help="a new or empty folder; with --check, a built one")
    cli.add_argument("--per-side", type=int, default=PER_SIDE, help="drawings per rule and side")
    cli.add_argument("--seed", type=int, default=SEED)
    cli.add_argument("--cache", type=Path, default=CACHE, help="folder that keeps the npm package")
    cli.add_argument("--check", action="store_true", help="write nothing; compare OUT_DIR with the digest on record")
    args = cli.parse_args(arguments)
    try:
        if args.check:
            check(args.out)
            print(f"{args.out} is the benchmark on record", file=sys.stderr)
        else:
            print(build(args.out, per_side=args.per_side, seed=args.seed, art=fetched(args.cache)))
    except JudgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, UserError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
