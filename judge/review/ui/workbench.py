"""The tab where a policy is worked on: an editor, and beside it what is known of the draft (`static/workbench.js`)."""

from __future__ import annotations

from typing import Any

import gradio as gr

from judge.errors import UserError
from judge.review.ui import render
from judge.review.ui.context import Context
from judge.review.ui.workbench_desk import CHOICES, KNOBS, PANELS, UPLOAD_BYTES, Bench, Reply
from judge.review.workbench.trials import MOST
from judge.settings import BUNDLED


def build(context: Context) -> None:
    """The workbench, called inside a `gr.Blocks`."""
    bench = Bench(context)

    def act(text: str | None, event: gr.EventData, request: gr.Request) -> tuple[str, Any]:
        try:
            person = context.person(request)
        except UserError as error:
            return Reply(toasts=({"text": f"{error.message}: {error.hint}", "bad": True},)).json_text(), gr.skip()
        reply, opened = bench.act(event._data, text or "", person, request.session_hash or "")
        return reply, gr.skip() if opened is None else opened

    def left(request: gr.Request) -> None:
        bench.left(request.session_hash or "")

    shape: dict[str, Any] = {"apply_default_css": False, "padding": False}
    gr.HTML("", html_template=render.html("workbench_bar"), elem_classes=["cj-root", "wb-root"], **shape)
    with gr.Row(elem_classes=["wb-row"]):
        with gr.Column(elem_classes=["wb-left"]):
            code = gr.Code(
                "", language="yaml", label="Draft", elem_id="wb-code", lines=30, wrap_lines=False, buttons=[],
                interactive=True, show_label=False, container=False,
            )  # fmt: skip
        with gr.Column(elem_classes=["wb-right"]):
            frame = render.html(
                "workbench", panels=PANELS, choices=CHOICES, knobs=KNOBS, most=MOST,
                model_note="The bundled model reads emoji-style drawings only."
                if context.settings.model == BUNDLED else "",
            )  # fmt: skip
            script = render.static("workbench.js").replace("MAX_BYTES", str(UPLOAD_BYTES))
            page = gr.HTML("", html_template=frame, js_on_load=script, elem_classes=["cj-root", "wb-root"], **shape)
            live = gr.HTML("", elem_id="wb-live", elem_classes=["cj-root", "wb-root"], **shape)
    quietly: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    page.act(act, code, [page, code], trigger_mode="multiple", **quietly)
    # While one check is under way only the last text waits for the next: typing never piles checks up.
    code.change(bench.checked, code, live, trigger_mode="always_last", **quietly)
    blocks = gr.context.Context.root_block
    if blocks is not None:
        blocks.unload(left)
