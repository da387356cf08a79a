"""Rules that the grammar does not read: what each may mean, to be pasted, or picked by its number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import typer

from judge.printable import printable_lines

if TYPE_CHECKING:
    from judge.compiler.way_out import WayOut
    from judge.constitution import Rule

Answer = int | Literal["edit", "skip", "quit"]
_WORDS: dict[str, Literal["edit", "skip", "quit"]] = {"e": "edit", "s": "skip", "q": "quit"}


def shown(out: WayOut) -> Iterator[str]:
    """Why a rule is not read, and what it may mean, numbered."""
    yield f"Not read: {out.reason}{f' ({out.hint})' if out.hint else ''}"
    for number, offer in enumerate(out.offers, 1):
        first, *more = offer.said_back
        yield f"{number}. {first}"
        yield from (f"   {sentence}" for sentence in more)
    yield from (f"Tells them apart: {picture}" for picture in out.apart)


def to_paste(rule: Rule, out: WayOut) -> Iterator[str]:
    """The lines to put into the constitution, for each thing that a rule may mean and for anything else."""
    below = "below `rule:`" + (", in place of its `exceptions:`" if rule.exceptions else "")
    for number, offer in enumerate(out.offers, 1):
        if offer.yaml:
            yield f"for {number}, paste {below}"
            yield from _as_in_a_rule(offer.yaml)
        if offer.rules:
            rules = " and ".join(f"`{text}`" for text in offer.rules)
            several = f" as {len(offer.rules)} rules" if len(offer.rules) > 1 else ""
            yield f"{'  or' if offer.yaml else f'for {number},'} write {rules}{several}"
    yield f"{'for anything else' if out.offers else 'to have it judged'}, fill in and paste {below}"
    yield from _as_in_a_rule(out.scaffold)


def _as_in_a_rule(yaml: str) -> Iterator[str]:
    """Lines as deep as they stand in a list of rules, once they are printed below the rule."""
    return (f"  {line}" for line in yaml.splitlines())


def picked(rule: Rule, out: WayOut, place: str) -> Answer:
    """What a person says that a rule means: the number of an offer, or that they write it themselves."""
    _say(f"\n{rule.id} ({place}): {rule.text}")
    for line in shown(out):
        _say(f"  {line}")
    numbers = [str(number) for number, offer in enumerate(out.offers, 1) if offer.yaml]
    question = f"Which does the rule mean? {', '.join(numbers)}, " if numbers else "What does the rule mean? "
    while True:
        given = str(typer.prompt(f"{question}edit, skip, quit", err=True)).strip().casefold()
        if given in numbers:
            return int(given)
        if given.isdecimal() and 1 <= int(given) <= len(out.offers):
            _say(f"that takes {len(out.offers[int(given) - 1].rules)} rules: write them in the constitution")
        elif given[:1] in _WORDS and _WORDS[given[:1]].startswith(given):
            return _WORDS[given[:1]]
        else:
            _say("a number: take its chain, approved in your name. edit: write what the rule means. skip: not now.")


def _say(text: str) -> None:
    typer.echo(printable_lines(text), err=True)
