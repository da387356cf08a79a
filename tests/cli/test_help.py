"""What `--help` says is what was written: nothing in it is taken for markup or an emoji."""

from __future__ import annotations

import pytest
from rich.text import Text
from typer.main import get_command

from judge.cli.verbs import VERBS, app


def said_by(command):
    yield command.help or ""
    for one in command.params:
        yield getattr(one, "help", None) or ""
        yield str(one.metavar or "")
    for name in getattr(command, "commands", ()):
        yield from said_by(command.commands[name])


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_is_shown_as_it_is_written(verb):
    said = [one for one in said_by(get_command(app).commands[verb]) if one]
    assert said
    assert [Text.from_markup(one).plain for one in said] == said
