"""The tab where a policy is worked on: an editor, and beside it what is known of the draft (`static/workbench.js`)."""

from __future__ import annotations

import logging
from typing import Any

import gradio as gr

from judge.errors import UserError
from judge.media.clips import reads_clips
from judge.review.queue.messages import in_words, serial_of
from judge.review.ui import render
from judge.review.ui.context import Context
from judge.review.ui.parts import UPLOAD_BYTES
from judge.review.workbench.desk import CHOICES, PANELS, Workbench
from judge.review.workbench.messages import WorkbenchUpdate
from judge.review.workbench.showing import KNOBS
from judge.review.workbench.trials import MOST
from judge.settings import BUNDLED

SCRIPTS = ("workbench.js", "gutter.js", "jobs.js", "thresholds.js", "draft.js", "panels.js")  # one function
_TOLD = "(text) => { document.dispatchEvent(new CustomEvent('wb-text', { detail: text })); return []; }"
log = logging.getLogger("judge")


def build(context: Context) -> None:
    """The workbench, called inside a `gr.Blocks`."""
    bench = Workbench(context)

    def act(text: str | None, event: gr.EventData, request: gr.Request) -> tuple[str, Any]:
        try:
            person = context.person(request)
            reply, opened = bench.act(event._data, text or "", person, context.page(request))
            return reply, gr.skip() if opened is None else opened
        except UserError as error:
            said = in_words(error)
        except Exception:  # a mistake of ours: the page must say so, and the log must have it
            log.exception("the workbench failed")
            said = "Something went wrong on the server, and nothing was saved. Its log says more."
        toast = {"text": said, "bad": True}
        return WorkbenchUpdate(serial=serial_of(event._data), toasts=(toast,)).json_text(), gr.skip()

    def checked(text: str | None, request: gr.Request) -> str:
        try:
            person = context.person(request)
        except UserError as error:
            return render.html("workbench_error", error=error)
        return bench.checked(text, person)

    def left(request: gr.Request) -> None:
        bench.left(context.page(request))

    shape: dict[str, Any] = {"apply_default_css": False, "padding": False}
    gr.HTML("", html_template=render.html("workbench_bar"), elem_classes=["cj-root", "wb-root"], **shape)
    with gr.Row(elem_classes=["wb-row"]):
        with gr.Column(elem_classes=["wb-left"]):
            code = gr.Code(
                "",
                language="yaml",
                label="Draft",
                elem_id="wb-code",
                lines=30,
                wrap_lines=False,
                buttons=[],
                interactive=True,
                show_label=False,
                container=False,
            )
            gr.HTML(render.html("workbench_here"), elem_classes=["cj-root", "wb-root"], **shape)
        with gr.Column(elem_classes=["wb-right"]):
            frame = render.html(
                "workbench",
                panels=PANELS,
                choices=CHOICES,
                knobs=KNOBS,
                most=MOST,
                clips=reads_clips(),
                model_note="The bundled model reads emoji-style drawings only."
                if context.settings.model == BUNDLED
                else "",
            )
            script = "\n".join(map(render.static, SCRIPTS)).replace("MAX_BYTES", str(UPLOAD_BYTES))
            page = gr.HTML("", html_template=frame, js_on_load=script, elem_classes=["cj-root", "wb-root"], **shape)
            live = gr.HTML("", elem_id="wb-live", elem_classes=["cj-root", "wb-root"], **shape)
    quietly: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    page.act(act, code, [page, code], trigger_mode="multiple", **quietly)
    # While one check is under way only the last text waits for the next: typing never piles checks up.
    code.change(checked, code, live, trigger_mode="always_last", **quietly)
    code.change(None, code, None, js=_TOLD, api_visibility="private")
    blocks = gr.context.Context.root_block
    if blocks is not None:
        blocks.unload(left)
