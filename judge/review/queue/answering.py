"""How a page's event is answered whatever happens: what a person did wrong is told, what we did wrong is told, too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from judge.errors import UserError
from judge.review.queue.messages import in_words, serial_of
from judge.review.ui.context import Context, Person

log = logging.getLogger("judge")


def answering(
    context: Context,
    act: Callable[[Any, Person], str],
    told: Callable[[int, str], str],
    *,
    page: str,
    undone: str,
) -> Callable[[gr.EventData, gr.Request], str]:
    """The function that Gradio calls for an event: `act` with what was sent and who sent it.

    told: the reply to an event (its serial) that has failed, with why, in words. page: its name in the log. undone:
    what a mistake of ours has left undone, as in "nothing was judged".
    """

    def answer(event: gr.EventData, request: gr.Request) -> str:
        try:
            return act(event._data, context.person(request))
        except UserError as error:
            said = in_words(error)
        except Exception:  # a mistake of ours: the page must say so, and the log must have it
            log.exception("%s failed", page)
            said = f"Something went wrong on the server, and {undone}. Its log says more."
        return told(serial_of(event._data), said)

    return answer
