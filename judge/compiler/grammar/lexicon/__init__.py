"""What a word can be: noun, verb, adjective, adverb; which form of it; what kind of thing it names.

From WordNet 3.0 (words.txt, made by tools/build_lexicon.py; its licence lies beside it) and a list by hand (more.txt).
Read at the first question, never at import. Knows words alone: no sentence, no rule.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from unicodedata import normalize


def word_set(text: str) -> frozenset[str]:
    """A set of words, written in a row."""
    return frozenset(text.split())


# A word's rare uses make no sense of a sentence: below this share of what it was seen as, a use is left out.
RARE = 0.01
NOUN, PLURAL, ADJECTIVE, ADVERB = "N", "NS", "A", "R"
BASE, THIRD, ING, PAST = "VB", "VZ", "VG", "VN"
_ALWAYS_PLURAL = word_set(
    "dice people police clothes scissors trousers jeans shorts goggles remains genitals cattle binoculars staff pants "
    "headphones earphones sunglasses underpants tights pliers leggings pyjamas stairs graffiti"
)
_PLURAL_TOO = word_set("fish sheep deer aircraft salmon shrimp bison moose")
_SEEN_KINDS = frozenset("oafpbgs")
_SAME_IN_PAST = word_set("cut hit put shut set spread hurt burst split shed cast let slit thrust spit knit bet upset")
FOLDER = Path(__file__).parent
Entry = tuple[dict[str, int], str]


@cache
def _lexicon() -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    entries: dict[str, str] = {}
    irregular: dict[str, list[tuple[str, str]]] = {}
    for name in ("words", "more"):
        for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            key, _, rest = line.partition("\t")
            if key.startswith("="):
                letter, _, base = rest.partition(" ")
                if base != key[1:]:  # `bed` is no past of a verb worth knowing
                    irregular.setdefault(key[1:], []).append((letter, base))
            elif not key.startswith("#"):
                entries[key] = rest
    return entries, irregular


def _entry(word: str) -> Entry:
    """How often by part of speech, and the kind of noun; nothing where the word is not known."""
    counts, kind = {}, ""
    for tag in _lexicon()[0].get(word, "").split():
        counts[tag[0]] = int(tag[1:].rstrip("abcdefghijklmnopqrstuvwxyz"))
        kind = tag[-1] if tag[0] == "n" else kind
    total = sum(counts.values())
    common = {letter: count for letter, count in counts.items() if count >= RARE * total}
    if "n" in counts and (kind in _SEEN_KINDS or total < 60):
        common["n"] = counts["n"]  # tagged texts speak little of things that are photographed
    return common, kind


def known(word: str) -> bool:
    """Whether the word, in whatever form, is in the lexicon."""
    return bool(tags(word))


@cache
def tags(word: str) -> frozenset[str]:
    """Every form that the word, in lower case, can be: of N, NS, A, R, VB, VZ, VG, VN. Empty: not known."""
    counts, _ = _entry(word)
    found = {{"n": NOUN, "v": BASE, "a": ADJECTIVE, "r": ADVERB}[letter] for letter in counts}
    if word in _ALWAYS_PLURAL:
        found = (found - {NOUN}) | {PLURAL}
    if word in _PLURAL_TOO:
        found.add(PLURAL)
    found |= {form for form, _ in _inflected(word)}
    if word in _SAME_IN_PAST:
        found.add(PAST)
    if not found and word.startswith("un") and PAST in tags(word[2:]):
        found = {ADJECTIVE}  # `uneaten`
    if not found and "-" not in word:
        found = _of_two(word)
    if "-" in word and not found:
        parts = word.split("-")
        if all(part.isdigit() or tags(part) or part in _JOINING or _has(part) for part in parts):
            found = {ADJECTIVE} | ({NOUN, PLURAL} & tags(parts[-1]))
    return frozenset(found)


def _has(part: str) -> bool:
    """`chested` of `bare-chested`."""
    return part.endswith("ed") and any(NOUN in tags(stem) for stem in _stems(part, "ed"))


def _of_two(word: str) -> set[str]:
    """`mouthguard`: two nouns written as one are a noun."""
    for cut in range(3, len(word) - 2):
        first, last = word[:cut], word[cut:]
        if len(last) > 3 and _entry(first)[1] in _SEEN_KINDS and (forms := {NOUN, PLURAL} & tags(last)):
            return set(forms) if _entry(last)[1] or _entry(lemma(last, verb=False))[1] else set()
    return set()


_JOINING = word_set("in on of up off to by and or out over under self non anti pre multi semi half re")


@cache
def _inflected(word: str) -> tuple[tuple[str, str], ...]:
    """(form, base word) of every inflection that the word can be."""
    found: list[tuple[str, str]] = []
    irregulars = [
        (letter, base) for letter, base in _lexicon()[1].get(word, ()) if not _rather_regular(word, letter, base)
    ]
    for letter, base in irregulars:
        found.append((PLURAL if letter == "n" else ING if word.endswith("ing") else PAST, base))
    if word.endswith("men") and "n" in _entry(f"{word[:-3]}man")[0]:
        found.append((PLURAL, f"{word[:-3]}man"))
    irregular = {letter for letter, _ in irregulars}
    if word.endswith("s") and not word.endswith("ss"):
        for base in _stems(word, "s"):
            entry, _ = _entry(base)
            if "n" in entry and "n" not in irregular:
                found.append((PLURAL, base))
            if "v" in _lexicon_letters(base):
                found.append((THIRD, base))
    for ending in ("er", "est"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stems = _stems(word, ending)
            found += [
                (ADJECTIVE, base) for base in stems if _entry(base)[0].get("a", 0) > 0 and word not in _lexicon()[0]
            ][:1]
    for ending, form in (("ing", ING), ("ed", PAST)):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            found += [(form, base) for base in _stems(word, ending) if "v" in _lexicon_letters(base)][:1]
    return tuple(dict.fromkeys(found))


def _rather_regular(word: str, letter: str, base: str) -> bool:
    """`syringes` are several syringes rather than several syrinxes, and `leaves` no leaves of absence."""
    if letter != "n" or not word.endswith("s") or word == f"{base}es":
        return False
    regular = max((_entry(one)[0].get("n", -1) for one in _stems(word, "s")), default=-1)
    return regular >= _entry(base)[0].get("n", 0)


def _lexicon_letters(word: str) -> set[str]:
    return {tag[0] for tag in _lexicon()[0].get(word, "").split()}


def _stems(word: str, ending: str) -> list[str]:
    stem = word[: -len(ending)]
    if ending == "s":
        stems = [stem]
        if stem.endswith("ie"):
            stems.insert(0, stem[:-2] + "y")
        if re.search(r"(?:s|x|z|ch|sh|o)e$", stem):
            stems.append(stem[:-1])
        return stems
    stems = [stem + "e", stem]
    if stem.endswith("i") and ending != "ing":
        stems.insert(0, stem[:-1] + "y")
    if len(stem) > 2 and stem[-1] == stem[-2]:
        stems = [stem[:-1], stem] if stem[-1] not in "sl" else [stem, stem[:-1]]
    elif re.search(r"[^aeiou][aeiou][^aeiouwxy]$", stem):
        stems = [stem + "e"]  # `hoping`, not `hopping`
        if len(re.findall(r"[aeiouy]+", stem)) > 1:
            stems.append(stem)
    return stems


@cache
def lemma(word: str, *, verb: bool | None = None) -> str:
    """The dictionary form; of a noun or an adjective unless `verb`; unknown words stay as they are.

    verb None: whichever there is, nouns first.
    """
    word = word.casefold()
    forms = _inflected(word)
    if verb is not True:
        for form, base in forms:
            if form in (PLURAL, ADJECTIVE):
                return base
        if verb is False:
            return word
        counts, _ = _entry(word)
        if "n" in counts or "a" in counts:
            return word
    if "v" in _lexicon_letters(word) and word not in _lexicon()[1]:
        return word  # `feed` is no past of `fee`
    return next((base for form, base in forms if form not in (PLURAL, ADJECTIVE)), word)


def is_form(word: str, base: str) -> bool:
    """Whether a word is known as an irregular form of a base."""
    return base in (one for _, one in _lexicon()[1].get(word, ()))


def single(plural: str) -> str:
    """The word for one of them: `person` of `people`, `sheep` of `sheep`; empty where there is none, as of `staff`."""
    if plural in ("people", "persons"):
        return "person"
    if plural in _PLURAL_TOO:
        return plural
    one = lemma(plural, verb=False)
    return one if one != plural else ""


@cache
def kind(noun: str) -> str:
    """One letter for what a noun, singular or plural, names (tools/build_lexicon.py); empty where it is none."""
    return _entry(noun)[1] or _entry(lemma(noun, verb=False))[1]


def rather(word: str, letter: str, other: str) -> bool:
    """Whether a word is at least as often one part of speech as another (n, v, a, r)."""
    counts = _entry(word)[0]
    return counts.get(letter, -1) >= counts.get(other, -1)


def rather_verb(word: str) -> bool:
    """Whether a word in `s`, such as `covers`, is more often a verb than a noun in the plural."""
    counts = _entry(lemma(word, verb=True))[0]
    return counts.get("v", -1) > counts.get("n", -1)


def nearest(word: str) -> str:
    """A known word that the word may be a slip of, in the same form; empty where none is near."""
    if known(bare := normalize("NFD", word).encode("ascii", "ignore").decode()):
        return bare  # `café`
    stems = [(word, "")] if not word.endswith("s") else [(word[:-1], "s"), (word, "")]
    for stem, ending in stems:
        near = [one for one in _lexicon()[0] if one[:1] == stem[:1] and abs(len(one) - len(stem)) < 3 and one.isalpha()]
        common = [one for one in near if sum(_entry(one)[0].values()) > 0]
        close = get_close_matches(stem, common, n=3, cutoff=0.85)
        if found := next((one for one in close if _is_slip(stem, one)), ""):
            return found + ending
    return ""


def _is_slip(word: str, meant: str) -> bool:
    """Whether one letter is too many, too few, another one, or two are swapped: `resold` is no slip of `resolved`."""
    start = next(
        (at for at, (one, other) in enumerate(zip(word, meant, strict=False)) if one != other),
        min(len(word), len(meant)),
    )
    one, other = word[start:], meant[start:]
    return one[1:] in (other, other[1:]) or one == other[1:] or (one[:2] == other[:2][::-1] and one[2:] == other[2:])
