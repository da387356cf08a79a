"""Blocks in which a model thinks before it answers, as chat templates and replies write them. Runs no model.

Yes and no do not stand within such a block, so nothing is ever scored there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jinja2 import Environment, TemplateSyntaxError, meta, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

SWITCHES = ("enable_thinking", "thinking")  # by which templates let themselves be told


class _Generation(Extension):
    """The tag that transformers adds to the language, around what a model writes; read as what stands in it."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """See `jinja2.ext.Extension`."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


_LANGUAGE = Environment(extensions=["jinja2.ext.loopcontrols", _Generation], autoescape=True)  # read, never rendered
_REST = r"(?:[^<>\[\]◁▷]{0,80})$"  # words that a template puts into the model's mouth
_WORD = r"(?:\w+:)?\w*think\w*|reasoning|reflection|thoughts?"
_BLOCKS = [  # how a block begins, how it ends, and whether lines stand between
    (rf"<({_WORD})>", r"</\1>", True),
    (r"\[(THINK|THINKING|REASONING)\]", r"[/\1]", False),
    (r"◁(think)▷", r"◁/\1▷", False),
    (r"<\|channel>(thought)", r"<channel|>", False),
    (r"<\|channel\|>(analysis)<\|message\|>", r"<|end|><|start|>assistant<|channel|>final<|message|>", False),
    (r"<\|(?:START|BEGIN)_(\w*THINK\w*|REASONING|THOUGHT)\|>", r"<|END_\1|>", False),
    (r"<\|(?:start|begin)_of_(\w*think\w*|reasoning|thought)\|>", r"<|end_of_\1|>", False),
    (rf"<\|(?!end_)({_WORD})\|>", r"<|/\1|>", False),
]
_UNKNOWN = re.compile(  # a block of a name that nobody told us; those who speak are named by templates, too
    r"<(?!/|(?:assistant|model|bot|gpt|ai|answer|output|response|reply|s|bos)>)([a-z][\w-]*)>\s*$", re.I
)
_OPENS = [(re.compile(opens + _REST, re.I), opens, closes, lines) for opens, closes, lines in _BLOCKS]
_MARKS = re.compile(
    "|".join(
        [
            rf"</?(?:{_WORD})>",
            r"\[/?(?:THINK|THINKING|REASONING)\]",
            "◁/?think▷",
            r"<\|channel>thought",
            r"<channel\|>",
            r"<\|/?(?:(?:start|begin|end)_(?:of_)?)?(?:\w*think\w*|reasoning|thought)\|>",
        ]
    ),
    re.I,
)


def read(template: str) -> nodes.Template | None:
    """A chat template as it is built; None where it is no sentence of the language."""
    try:
        return _LANGUAGE.parse(template)
    except TemplateSyntaxError:
        return None


def switches(template: str) -> list[str]:
    """The variables by which a chat template is told whether its model shall think."""
    tree = read(template)
    known = meta.find_undeclared_variables(tree) if tree is not None else set(re.findall(r"\w+", template))
    return [name for name in SWITCHES if name in known]


def opened(text: str) -> str | None:
    """The mark of a block of thinking that is open where `text` ends; None where none is."""
    for pattern, opens, _, _ in _OPENS:
        found = pattern.search(text)
        if found is not None:
            mark = re.match(opens, found.group(), re.I)
            return mark.group() if mark else None
    unknown = _UNKNOWN.search(text)
    return unknown.group().strip() if unknown is not None else None


def closing(text: str, is_token: Callable[[str], bool]) -> str | None:
    """What is to follow `text`, so that a block of thinking that is open there ends empty: nothing where none is open.
    None where no end of the block is known.

    is_token: whether the tokenizer has a text as one token. Marks such as <|thinking|> mean nothing spelled out.
    """
    for pattern, opens, closes, lines in _OPENS:
        found = pattern.search(text)
        if found is None:
            continue
        mark = re.match(opens, found.group(), re.I)
        end = mark.expand(closes) if mark is not None else ""
        if not all(is_token(part) for part in re.findall(r"<\|?\w+\|>|<\|/\w+\|>", end)):
            return None
        if not lines:
            return end
        return ("\n" if text.endswith("\n") else "\n\n") + end + "\n\n"
    return "" if _UNKNOWN.search(text) is None else None


def without_marks(text: str) -> str:
    """What was thought and said, without the marks around it."""
    return re.sub(r"\n{3,}", "\n\n", _MARKS.sub("\n", text)).strip()
