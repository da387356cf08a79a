"""The tab where people decide: a static frame, one event, and the scripts that connect them (`static/`)."""

from __future__ import annotations

import json
import logging

import gradio as gr

from judge.errors import UserError
from judge.review.queue.answering import answering
from judge.review.queue.desk import Desk
from judge.review.queue.examples import Examples, ExampleUpdate
from judge.review.queue.keys import DEFAULTS, KEYS
from judge.review.queue.messages import QueueUpdate, in_words, serial_of
from judge.review.queue.near import NearUpdate, Thumbnails
from judge.review.ui import render
from judge.review.ui.context import Context

log = logging.getLogger("judge")
_PARTS = (  # in this order
    "desk toast stage view decision panel rules near lists keys preferences break heard place redraft unanswered traces"
    " queues start"
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

    def examples(event: gr.EventData, request: gr.Request) -> str:
        try:
            return more.act(event._data, context.person(request))
        except UserError:  # nobody signed in: the desk says so
            return ExampleUpdate(serial=serial_of(event._data)).model_dump_json()
        except Exception:
            log.exception("the examples failed")
            return ExampleUpdate(serial=serial_of(event._data)).model_dump_json()

    beside = gr.HTML(  # without a template the page would show what the event answers
        "",
        html_template="<span></span>",
        js_on_load=render.static("examples.js"),
        apply_default_css=False,
        padding=False,
    )
    strip = gr.HTML(
        "",
        html_template="<span></span>",
        js_on_load=render.static("thumbnails.js"),
        apply_default_css=False,
        padding=False,
    )
    quietly = {"queue": False, "show_progress": "hidden", "trigger_mode": "multiple", "api_visibility": "private"}
    beside.act(examples, None, beside, **quietly)
    thumbnails = answering(
        context,
        Thumbnails(context.store).act,
        lambda serial, _: NearUpdate(serial=serial).model_dump_json(),
        page="the strip of near-identical pictures",
        undone="it has no pictures",
    )
    strip.act(thumbnails, None, strip, **quietly)
    page.act(act, None, page, queue=False, show_progress="hidden", trigger_mode="multiple", api_visibility="private")
    blocks = gr.context.Context.root_block
    if blocks is not None:
        blocks.unload(left)
