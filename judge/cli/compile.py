"""`judge compile F.yaml...`: rules to chains of statements, in a lock file that people review and commit."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judge.cli.exits import Exit
from judge.cli.model_options import judged_with
from judge.errors import UserError
from judge.printable import printable

if TYPE_CHECKING:
    from judge.compiler.files import Checked, Compiled
    from judge.settings import Settings


@judged_with("model", "device", "dtype", "trust_remote_code")
def compile_(
    files: Annotated[
        list[str], typer.Argument(help="Constitutions: YAML files, or shipped names.", metavar="F.yaml...")
    ],
    llm: Annotated[
        str | None,
        typer.Option(help="What objectifies and decomposes: a text or multimodal model's id or folder, or a server."),
    ] = None,
    no_llm: Annotated[
        bool, typer.Option("--no-llm", help="Use the rule grammar instead (docs/rule-grammar.md).")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a lock file is stale.")] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="With --check: also where a chain or approval is missing, a comment is wrong, or a warning stands.",
        ),
    ] = False,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Then ask of every chain that nobody approved: yes, no or edit.")
    ] = False,
    *,
    settings: Settings,
    no_priors: Annotated[
        bool, typer.Option("--no-priors", help="Leave out the language priors, so that no model is loaded for them.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=0, max=20, help="Most rewrites of a rule.")] = 3,
    renew: Annotated[
        bool, typer.Option("--renew", help="Make every rule again, approved and edited ones too.")
    ] = False,
    quantize: Annotated[str, typer.Option(help="bitsandbytes weights of the LLM: `4bit`, `8bit` or `none`.")] = "none",
    json: Annotated[bool, typer.Option("--json", help="One JSON object per file and line.")] = False,
) -> None:
    """Compile rules into F.lock.yaml. Exit code: 1 stale or, with --strict, not settled (--check); 2 your mistake; 3
    the LLM failed; 0 else."""
    names = list(dict.fromkeys(files))
    if check:
        _check(names, strict=strict, json=json)
    if strict:
        raise UserError("--strict goes with --check", hint="compile first, then `judge compile --check --strict`")
    if interactive and json:
        raise UserError("--interactive asks on the terminal, and --json prints data", hint="leave one of them out")
    if (llm is None) is not no_llm:
        raise UserError("say what compiles the rules", hint="either --llm MODEL, or --no-llm for the rule grammar")
    from judge.assemble import load_llm, load_mllm_of
    from judge.compiler.files import compile_file
    from judge.constitution import load_constitution

    common: dict[str, Any] = settings.model_dump(include={"device", "dtype", "trust_remote_code"})
    language = {name: load_constitution(name).language for name in names}  # mistakes are told before models load
    writer = load_llm(llm, quantize=quantize, **common) if llm is not None else None
    judging = {code: None if no_priors else load_mllm_of(code, settings) for code in dict.fromkeys(language.values())}
    for name in names:
        compiled = compile_file(name, writer, judging[language[name]], renew=renew, rounds=rounds)
        changed = compiled.changed
        if interactive and _asked(name, compiled):  # what a person edited has no priors yet
            compiled = compile_file(name, writer, judging[language[name]], rounds=rounds)
            changed = True  # by the answers, whatever compiling them again adds
        _tell(compiled, whole=json)
        if json:
            print(_as_json(compiled))
        else:
            print(f"{compiled.path}: {'written' if changed else 'unchanged'}, {_counts(compiled)}")
            _say_back(compiled)
            _ways_out(name, compiled)


def _check(names: list[str], *, strict: bool, json: bool) -> None:
    from judge.compiler.files import check_file

    found = [check_file(name) for name in names]
    for one in found:
        print(_checked_json(one) if json else _checked_text(one))
    stale = not all(one.staleness.fresh for one in found)
    waiting = strict and not all(one.standing.settled for one in found)
    if stale:
        print("judge: compile again, review and commit the lock file", file=sys.stderr)
    if any(one.standing.edited or one.standing.unconfirmed for one in found):
        told = "read what was edited and approve it with `judge compile --interactive`, or compile with --renew"
        print(f"judge: {told}", file=sys.stderr)
    if waiting:
        told = (
            "judge: with --strict every rule has a chain, an approval (by `judge compile --interactive`), comments that"
            " say its chain, and no warning"
        )
        print(told, file=sys.stderr)
    raise typer.Exit(1 if stale or waiting else Exit.NO_VIOLATION)


def _checked_text(one: Checked) -> str:
    standing = one.standing
    named = {
        "without a chain": standing.without_chain,
        "not approved": standing.unapproved,
        "edited by hand since it was compiled": standing.edited,
        "approved by a name that is not of this chain": standing.unconfirmed,
        "with a warning": tuple(standing.warnings),
        "with comments that are not those of its chain (compile again)": standing.said_otherwise,
    }
    lines = [f"{one.path}: {one.staleness.in_words}"]
    lines += [f"  {kind}: {', '.join(rules)}" for kind, rules in named.items() if rules]
    lines += [f"  {name}: {warning}" for name, said in standing.warnings.items() for warning in said]
    return "\n".join(map(printable, lines))


def _checked_json(one: Checked) -> str:
    from json import dumps

    said = {**one.staleness.model_dump(mode="json"), **one.standing.model_dump(mode="json")}
    return dumps({"lock": str(one.path), "fresh": one.staleness.fresh, "settled": one.standing.settled, **said})


def _tell(compiled: Compiled, *, whole: bool) -> None:
    """Remarks on the chains. whole: also what to do about rules that are not read, which is said below in full."""
    if compiled.before.distrusted:
        again = "priors are measured anew, and bounds are left out until you run `judge calibrate`"
        print(f"judge: {compiled.path}: {compiled.before.distrusted}; {again}", file=sys.stderr)
    for name in compiled.overruled:
        told = "its chain was edited in the lock file, but its preconditions stand in the constitution: edit them there"
        print(f"judge: {name}: {told}", file=sys.stderr)
    from judge.compiler.compile import NOT_READ

    unread = {} if whole else compiled.ways_out
    for name, rule in compiled.lock.rules.items():
        for warning in rule.warnings:
            short = name in unread and warning.startswith(NOT_READ)
            told = f"{NOT_READ}{unread[name].reason}" if short else warning
            print(f"judge: {name}: {printable(told)}", file=sys.stderr)


def _asked(name: str, compiled: Compiled) -> bool:
    """Whether a person answered anything about the chains of one file."""
    from judge.cli.approving import approve
    from judge.compiler.files import write_lock

    _tell(compiled, whole=False)
    return approve(compiled, lambda lock: write_lock(name, lock))


def _say_back(compiled: Compiled) -> None:
    """What the new chains say, to be held against the rules that they were made of."""
    texts = {rule.id: rule.text for rule in compiled.constitution.rules}
    said_back, unread = compiled.said_back, compiled.ways_out
    for name in (one for one in compiled.altered if one not in unread):
        print(f"\n{name}: {printable(texts[name])}")
        for said in said_back[name]:
            print(f"  {printable(said)}")


def _ways_out(source: str, compiled: Compiled) -> None:
    """What to do about each rule that is not read."""
    from judge.cli.choosing import shown, to_paste
    from judge.compiler.way_out import how_to_fill

    found = compiled.ways_out
    for rule in compiled.constitution.rules:
        if out := found.get(rule.id):
            print(f"\n{rule.id}: {printable(rule.text)}")
            for line in (*shown(out), *to_paste(rule, out)):
                print(f"  {printable(line)}")
    if found:
        told = f"Paste into {source}, or pick by number: the same command with --interactive."
        first = next(rule.rule for rule in compiled.constitution.rules if rule.id in found)
        print("", told, *how_to_fill(first), sep="\n")


def _counts(compiled: Compiled) -> str:
    rules = compiled.lock.rules.values()
    named = {
        "written": "by hand",
        "grammar": "by the grammar",
        "llm": "by the LLM",
        "person": "edited by a person",
        "nothing": "without a chain",
    }
    made = {kind: sum(rule.made_by == kind for rule in rules) for kind in named}
    said = [f"{count} {named[kind]}" for kind, count in made.items() if count]
    approved = sum(rule.approved_by is not None for rule in rules)
    return f"{len(compiled.lock.rules)} rules: {', '.join(said)}; {approved} approved"


def _as_json(compiled: Compiled) -> str:
    from json import dumps

    said_back, ways_out = compiled.said_back, compiled.ways_out
    return dumps(
        {
            "lock": str(compiled.path),
            "changed": compiled.changed,
            "digest": compiled.lock.digest,
            "without_chain": compiled.unread,
            **compiled.before.model_dump(mode="json"),
            "rules": {
                name: {
                    "made_by": rule.made_by,
                    "approved_by": rule.approved_by,
                    "warnings": rule.warnings,
                    "said_back": said_back[name],
                    "priors": {text: one.model_dump() for text, one in rule.priors.items()},
                    **({"way_out": ways_out[name].model_dump(mode="json")} if name in ways_out else {}),
                }
                for name, rule in compiled.lock.rules.items()
            },
        }
    )
