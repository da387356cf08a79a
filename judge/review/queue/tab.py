"""The tab where people decide: a static frame, one event, and the scripts that connect them (`static/`)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import gradio as gr

from judge.errors import UserError
from judge.review.queue.answering import answering
from judge.review.queue.desk import Desk
from judge.review.queue.examples import Examples, ExampleUpdate
from judge.review.queue.keys import DEFAULTS, KEYS
from judge.review.queue.messages import QueueUpdate, in_words, serial_of
from judge.review.queue.near import NearUpdate, Thumbnails
from judge.review.queue.reel import ReelUpdate
from judge.review.ui import render
from judge.review.ui.context import Context

log = logging.getLogger("judge")
_PARTS = (  # in this order
    "desk toast stage view film decision panel rules near lists keys preferences break heard place redraft unanswered"
    " traces queues start"
)
REFRESH_SECONDS = 45  # well under any lease, which is counted in minutes


def build(context: Context) -> None:
    """The queue, called inside a `gr.Blocks`."""
    desk = Desk(context)

    def act(event: gr.EventData, request: gr.Request) -> str:
        try:
            return desk.act(event._data, context.person(request), context.page(request))
        except UserError as error:
            text = in_words(error)
        except Exception:  # a mistake of ours: the page must say so, and the log must have it
            log.exception("the desk failed")
            text = "Something went wrong on the server, and nothing was recorded. Its log says more."
        return QueueUpdate(serial=serial_of(event._data), toasts=({"text": text, "bad": True},)).json_text()

    def left(request: gr.Request) -> None:
        desk.left(context.page(request))

    frame = render.html("desk", keys=KEYS)
    script = "\n".join(render.static(f"{name}.js") for name in _PARTS.split())
    script = script.replace("REFRESH_SECONDS", str(REFRESH_SECONDS)).replace("DEFAULT_KEYS", json.dumps(DEFAULTS))
    page = gr.HTML(
        "",
        html_template=frame,
        js_on_load=script,
        elem_classes=["cj-root"],
        apply_default_css=False,
        padding=False,
    )
    more = Examples(context.store, context.data)
    strip = Thumbnails(context.store)

    def no_examples(serial: int, _: str) -> str:  # nobody signed in: the desk says so
        return ExampleUpdate(serial=serial).model_dump_json()

    def no_frames(serial: int, _: str) -> str:
        return ReelUpdate(serial=serial).model_dump_json()

    def no_thumbnails(serial: int, _: str) -> str:
        return NearUpdate(serial=serial).model_dump_json()

    nothing = "nothing was shown"
    _beside("examples", answering(context, more.act, no_examples, page="the examples", undone=nothing))
    _beside("frames", answering(context, desk.reel.act, no_frames, page="the frames", undone=nothing))
    _beside("thumbnails", answering(context, strip.act, no_thumbnails, page="the strip of pictures", undone=nothing))
    page.act(act, None, page, queue=False, show_progress="hidden", trigger_mode="multiple", api_visibility="private")
    blocks = gr.context.Context.root_block
    if blocks is not None:
        blocks.unload(left)


def _beside(script: str, act: Callable[[gr.EventData, gr.Request], str]) -> None:
    """A part with an event of its own, that nobody waits for; its script puts what comes into the page."""
    part = gr.HTML(  # without a template the page would show what the event answers
        "",
        html_template="<span></span>",
        js_on_load="\n".join(render.static(f"{name}.js") for name in ("beside", script)),
        apply_default_css=False,
        padding=False,
    )
    part.act(act, None, part, queue=False, show_progress="hidden", trigger_mode="multiple", api_visibility="private")
