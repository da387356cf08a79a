"""Makes the grammar's lexicon, `words.txt` and `kinds.txt` in `judge/compiler/grammar/lexicon`, from WordNet 3.0.

    python tools/build_lexicon.py /usr/share/wordnet     # Debian: apt-get install wordnet-base

A line a word: the word, a tab, and for each part of speech it can be a letter (n noun, v verb, a adjective,
r adverb), how often it was that in the texts people tagged, and for nouns one letter for its kind: KINDS. Then the
irregular forms: `=form`, a tab, part of speech and base word. Names of people and places are left out.

`kinds.txt` has a line for each sense of a noun: the words that have it, a tab, and the numbers of the lines (from 0,
its comment not counted) whose senses are the next wider ones.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

OUT = Path(__file__).parent.parent / "judge" / "compiler" / "grammar" / "lexicon" / "words.txt"
FILES = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
# By number of the lexicographer's file. p person or group, a animal, o thing, f food, s substance, l place, t time,
# q amount, e event or act, c what is only thought or said, h shape or feature, b body part, g plant.
KINDS = {
    "03": "c", "04": "e", "05": "a", "06": "o", "07": "h", "08": "b", "09": "c", "10": "c", "11": "e", "12": "c",
    "13": "f", "14": "p", "15": "l", "16": "c", "17": "o", "18": "p", "19": "e", "20": "g", "21": "c", "22": "e",
    "23": "q", "24": "c", "25": "h", "26": "h", "27": "s", "28": "t",
}  # fmt: skip
TOPS = {
    "person": "p",
    "animal": "a",
    "plant": "g",
    "food": "f",
    "artifact": "o",
    "substance": "s",
    "object": "o",
    "thing": "o",
}
WORD = re.compile(r"[a-z][a-z-]*[a-z]$")


def main(folder: Path) -> None:
    """Write the lexicon."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for line in (folder / "cntlist.rev").read_text().splitlines():
        key, _, count = line.split()
        word, _, rest = key.partition("%")
        counts[word, "nvara"[int(rest[0]) - 1]] += int(count)
    words: dict[str, list[str]] = defaultdict(list)
    for name, letter in FILES.items():
        data = _data(folder / f"data.{name}")
        for line in (folder / f"index.{name}").read_text().splitlines():
            fields = line.split()
            if line.startswith(" ") or not WORD.match(fields[0]):
                continue
            senses = [data[offset] for offset in fields[-int(fields[2]) :]]
            if all(fields[0] not in spelt for _, spelt in senses):
                continue  # spelt with a capital in every sense: a name
            kind = KINDS[next(file for file, spelt in senses if fields[0] in spelt)] if letter == "n" else ""
            kind = TOPS.get(fields[0], kind) if kind else ""
            words[fields[0]].append(f"{letter}{counts[fields[0], letter]}{kind}")
    lines = [f"{word}\t{' '.join(tags)}" for word, tags in sorted(words.items())]
    for name, letter in FILES.items():
        for line in (folder / f"{name}.exc").read_text().splitlines():
            form, *bases = line.split()
            known = [base for base in bases if base in words]
            if letter in "nv" and known and WORD.match(form):
                lines.append(f"={form}\t{letter} {known[0]}")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    OUT.with_name("kinds.txt").write_text("\n".join(_kinds(folder, set(words))) + "\n", encoding="utf-8")


def _kinds(folder: Path, known: set[str]) -> list[str]:
    """The senses of nouns with what each is a kind of, those without a known word left out and bridged."""
    senses: dict[str, tuple[list[str], list[str]]] = {}
    for line in (folder / "data.noun").read_text().splitlines():
        if not line.startswith(" "):
            fields = line.split()
            number = int(fields[3], 16)
            spelt = [fields[4 + 2 * at] for at in range(number)]
            pointers = fields[5 + 2 * number :]
            above = [pointers[at + 1] for at in range(len(pointers) - 1) if pointers[at] == "@"]
            senses[fields[0]] = [word for word in spelt if word in known], above
    kept = {offset: at for at, offset in enumerate(offset for offset, (words, _) in senses.items() if words)}

    def wider(offset: str) -> list[int]:
        each = [[kept[above]] if above in kept else wider(above) for above in senses[offset][1]]
        return list(dict.fromkeys(at for found in each for at in found))

    lines = [f"{' '.join(senses[offset][0])}\t{' '.join(map(str, wider(offset)))}" for offset in kept]
    return ["# From WordNet 3.0, by tools/build_lexicon.py: see WORDNET-LICENSE.", *lines]


def _data(path: Path) -> dict[str, tuple[str, set[str]]]:
    """Lexicographer's file and spellings by synset."""
    found = {}
    for line in path.read_text().splitlines():
        if not line.startswith(" "):
            fields = line.split()
            number = int(fields[3], 16)
            found[fields[0]] = fields[1], {fields[4 + 2 * i].split("(")[0] for i in range(number)}
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
