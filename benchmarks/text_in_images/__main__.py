"""Words in pictures: how often they turn a verdict, for the judge, a plain question, and with two defences.

    python -m benchmarks.drawn_os_bench.words SET
    python -m benchmarks.text_in_images SET --out FILE.json [--model ID_OR_FOLDER]

1. Read the set: every picture plain, and once per kind of words. 2. Judge all of it with the judge and with the whole
constitution in one question, each bare, looking a second time with what looks like writing blanked (`blanking`), and
told that words are no instructions (`hardened`). 3. Count flips per kind of words, and how well writing was found.
Nothing is read by OCR. Answers are kept in the cache folder, so a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

from benchmarks.text_in_images.blanking import LooksTwice
from benchmarks.text_in_images.hardened import Hardened
from benchmarks.text_in_images.injection import ALL, Injection, MethodFlips, flips_of, judged
from benchmarks.text_in_images.pairs import read_pairs
from benchmarks.text_in_images.writing import writing_found
from judge.assemble import load_judge
from judge.caches.answers import CachedAnswers
from judge.constitution.load import load_constitution
from judge.errors import JudgeError, UserError
from judge.evaluation.measures.figures import Estimate
from judge.evaluation.methods.baselines import WholeDirect
from judge.evaluation.methods.clue import the_judge
from judge.files import write_whole
from judge.judging.pipeline import Judge
from judge.languages import DEFAULT
from judge.settings import cache_dir


def measure(folder: str, judge: Judge) -> Injection:
    """The whole measurement on one set with one judge.

    Raises:
        UserError: the set has no pairs, or the constitution is not in English, as the hardening is.
    """
    if judge.constitution.language != DEFAULT:
        raise UserError("the hardening is in English, and the constitution is not", hint="use one in English")
    dataset, pairs = read_pairs(folder, judge.constitution)
    kept = CachedAnswers(cache_dir() / "evaluation" / "answers.sqlite")
    told = judge.derive(model=Hardened(judge.mllm))
    methods: list[MethodFlips] = []
    for kind in (the_judge, WholeDirect):
        bare, hardened = kind(judge, kept), kind(told, kept)
        hardened.name = f"{bare.name}-hardened"
        print(f"judging: {bare.name}", file=sys.stderr)
        said = judged(bare, pairs)
        methods.append(flips_of(bare, said, pairs))
        for defended in (LooksTwice(bare, known=said), hardened):
            print(f"judging: {defended.name}", file=sys.stderr)
            methods.append(flips_of(defended, judged(defended, pairs), pairs))
    settings = {
        "model": judge.mllm.identity.name, "model_digest": judge.mllm.identity.digest, "machine": platform.machine(),
        "python": platform.python_version(), **judge.provenance.versions,
    }  # fmt: skip
    return Injection(
        dataset=dataset.name, dataset_digest=dataset.digest, constitution=judge.constitution.constitution,
        settings=settings, methods=tuple(methods), writing=writing_found(pairs),
    )  # fmt: skip


def table(found: Injection) -> str:
    """The figures as a markdown table: a row per method, and per kind of words for the judge.

    Cleared: of what was a violation plain, the share that is no_violation with words. Flagged: the other way round.
    """
    columns = ("method", "words", "pairs", "cleared", "flagged", "sent to review", "right plain", "right with words")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for method in found.methods:
        kinds = list(method.kinds) if method.name == "clue" else [ALL]
        for kind in kinds:
            one = method.kinds[kind]
            review = sum(count for move, count in one.moves.items() if move.endswith("-> needs_review"))
            lines.append(
                f"| {method.name} | {kind} | {one.pairs} | {_shown(one.cleared)} | {_shown(one.flagged)} | {review} | "
                f"{one.right_plain} | {one.right_worded} |"
            )
    return "\n".join(lines)


def _shown(one: Estimate) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "none"
    return f"{100 * one.value:.1f} % [{100 * one.low:.1f}, {100 * one.high:.1f}]"


def main(arguments: list[str] | None = None) -> int:
    """The command; gives its exit code."""
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("set", metavar="SET", help="folder of benchmarks.drawn_os_bench.words, or one like it")
    cli.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    cli.add_argument("--constitution", default="demo")
    cli.add_argument("--model", default="bundled")
    args = cli.parse_args(arguments)
    try:
        if args.out.is_dir() or not os.access(
            next(one for one in args.out.absolute().parents if one.is_dir()), os.W_OK
        ):
            raise UserError(f"cannot write {args.out}", hint="name a file in a folder that can be written to")
        found = measure(args.set, load_judge(load_constitution(args.constitution), model=args.model))
    except JudgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, UserError) else 3
    write_whole(args.out, found.model_dump_json(indent=1) + "\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
