"""Fetch the emoji art, render it, and keep it as one small file of sprites.

    python -m tools.train_bundled.art --out FOLDER

1. `npm pack` the pinned icon sets into a cache folder; their digests are checked.
2. Render every concept of `concepts.txt` (an icon name of these sets) at 80 px with resvg.
3. Write FOLDER/sprites.npz: lossy WebP with alpha, concatenated, with an index and the licences.

`twemoji` is for validation only: nothing is trained or tuned on it. Needs Node's npm and resvg-py.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

SIDE = 80
QUALITY = 80
CACHE = Path.home() / ".cache" / "constitution-judge-art"
PACK = "sprites.npz"


class Source(NamedTuple):
    package: str
    sha512: str
    licence: str
    credit: str


SETS: dict[str, Source] = {
    "noto": Source(
        "@iconify-json/noto@1.2.9",
        "DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==",
        "Apache-2.0",
        "Noto Emoji, Google Inc",
    ),
    "noto-v1": Source(
        "@iconify-json/noto-v1@1.2.5",
        "/DsVMius69Q0fRS53z7QK1TROSuar606jiIx+laXtdsYGMXpf6LtHBx6CGfoo3UHHb/XpBsw+1L1x3eyPqMuVA==",
        "Apache-2.0",
        "Noto Emoji (v1), Google Inc",
    ),
    "fluent-emoji": Source(
        "@iconify-json/fluent-emoji@1.2.7",
        "D8G6bKAyIsyxP1rzZtIWr/gg/fO4Rg1+DyCWlfqKK4h8W+4Em/Y0P6QYgJUQTlUcagzJvSyg+9OBv4hz4Hc/QA==",
        "MIT",
        "Fluent Emoji, Microsoft Corporation",
    ),
    "fluent-emoji-flat": Source(
        "@iconify-json/fluent-emoji-flat@1.2.6",
        "RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUmZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==",
        "MIT",
        "Fluent Emoji Flat, Microsoft Corporation",
    ),
    "emojione": Source(
        "@iconify-json/emojione@1.2.3",
        "T9+T3HIbJNLKKsmxYKlaYhvnHYkz/HNYTV7SHCXVZPfeUi4FqskY70YeN8yYAZT8cCv7w5vJxS4Q1m8zb9CMMg==",
        "CC-BY-4.0",
        "EmojiOne / EmojiTwo",
    ),
    "twemoji": Source(
        "@iconify-json/twemoji@1.2.5",
        "uKpuIEV0v6K5BW3Mjdyl+XKFVAbbcPxAgifKvEMtZoUZB5+YiY5zaMm2uNNCxyXzAWU9yNLlj41WU6/mvgALsw==",
        "CC-BY-4.0",
        "Twemoji, Twitter, Inc and other contributors",
    ),
}
TRAINING_SETS = ("noto", "noto-v1", "fluent-emoji", "fluent-emoji-flat", "emojione")
VALIDATION_SETS = ("twemoji",)
ICONS = (Path(__file__).parent / "concepts.txt").read_text().split()
CONCEPTS: list[str] = [icon.replace("-", " ") for icon in ICONS]


class Sprites(NamedTuple):
    """Sprites of some sets, as loaded. `concept` indexes CONCEPTS; `set` indexes `sets`."""

    rgba: torch.Tensor  # uint8 [N, 4, 80, 80], colours not premultiplied
    concept: torch.Tensor  # long [N]
    set: torch.Tensor  # long [N]
    sets: tuple[str, ...] = ()


def fetch(name: str, folder: Path = CACHE) -> dict[str, Any]:
    """The icons of one set, from `folder`, or from npm where they are not there yet."""
    source = SETS[name]
    folder.mkdir(parents=True, exist_ok=True)
    tarball = folder / (source.package.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz")
    if not tarball.exists():
        pack = ["npm", "pack", source.package, "--silent", "--pack-destination", str(folder)]
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if digest != source.sha512:
        sys.exit(f"{tarball} is not {source.package}: {digest}. Delete it and run again.")
    with tarfile.open(tarball) as archive:
        member = archive.extractfile("package/icons.json")
        assert member is not None
        return json.load(member)


def _body(icons: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The icon of that name, or the one it is an alias of."""
    for _ in range(4):
        if name in icons["icons"]:
            return icons["icons"][name]
        name = icons.get("aliases", {}).get(name, {}).get("parent", "")
    return None


def draw(icons: dict[str, Any], name: str) -> bytes | None:
    """One drawing as WebP, or None where the set has no such drawing."""
    import resvg_py

    icon = _body(icons, name)
    if icon is None:
        return None
    width, height = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
    box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{box}">{icon["body"]}</svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE))
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGBA").resize((SIDE, SIDE)).save(
        out, "WEBP", quality=QUALITY, alpha_quality=80, method=4
    )
    return out.getvalue()


def render_set(name: str, cache: Path = CACHE) -> list[tuple[int, bytes]]:
    """(concept, WebP) for every concept that the set has."""
    icons = fetch(name, cache)
    drawn = ((index, draw(icons, icon)) for index, icon in enumerate(ICONS))
    return [(index, data) for index, data in drawn if data is not None]


def save_pack(folder: Path, rendered: dict[str, list[tuple[int, bytes]]]) -> Path:
    """Write the sprites of some sets as one file."""
    rows = [(index, number, data) for number, name in enumerate(rendered) for index, data in rendered[name]]
    offsets = np.cumsum([0] + [len(data) for _, _, data in rows])
    licences = {name: SETS[name]._asdict() for name in rendered if name in SETS}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PACK
    np.savez(
        path,
        blob=np.frombuffer(b"".join(data for _, _, data in rows), np.uint8),
        offsets=offsets.astype(np.int64),
        concept=np.array([row[0] for row in rows], np.int32),
        set=np.array([row[1] for row in rows], np.int32),
        sets=np.array(list(rendered)),
        licences=np.array(json.dumps(licences)),
    )
    return path


def load_sprites(folder: Path | str, sets: Sequence[str] = TRAINING_SETS) -> Sprites:
    """The packed sprites of these sets.

    Raises:
        ValueError: a set is not in the pack.
    """
    with np.load(Path(folder) / PACK) as kept:
        names, blob, offsets = kept["sets"].tolist(), kept["blob"], kept["offsets"]
        concept, number = kept["concept"], kept["set"]
    missing = set(sets) - set(names)
    if missing:
        raise ValueError(f"not in {Path(folder) / PACK}: {', '.join(sorted(missing))}")
    rows = [row for row in range(len(concept)) if names[number[row]] in sets]
    images = torch.empty(len(rows), 4, SIDE, SIDE, dtype=torch.uint8)
    for place, row in enumerate(rows):
        data = blob[offsets[row] : offsets[row + 1]].tobytes()
        images[place] = torch.from_numpy(np.array(Image.open(io.BytesIO(data)).convert("RGBA"))).permute(2, 0, 1)
    order = [list(sets).index(names[number[row]]) for row in rows]
    return Sprites(images, torch.tensor(concept[rows], dtype=torch.long), torch.tensor(order), tuple(sets))


def main() -> None:
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("--out", type=Path, required=True, help="folder for sprites.npz")
    cli.add_argument("--cache", type=Path, default=CACHE, help="folder that keeps the npm packages")
    cli.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    args = cli.parse_args()
    for name in args.sets:
        fetch(name, args.cache)
    with ProcessPoolExecutor(2) as pool:
        rendered = dict(zip(args.sets, pool.map(render_set, args.sets, [args.cache] * len(args.sets)), strict=True))
    path = save_pack(args.out, rendered)
    counts = ", ".join(f"{name} {len(rows)}" for name, rows in rendered.items())
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {len(CONCEPTS)} concepts; {counts}", file=sys.stderr)


if __name__ == "__main__":
    main()
