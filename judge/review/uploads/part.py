"""The part of the page where images are given, which stands beside every tab: a dialog, and what became of them."""

from __future__ import annotations

import gradio as gr

from judge.media.clips import reads_clips
from judge.review.queue.answering import answering
from judge.review.queue.messages import in_words
from judge.review.ui import render
from judge.review.ui.context import Context
from judge.review.ui.parts import CLIP, PDF, UPLOAD_BYTES
from judge.review.uploads.desk import UploadDesk
from judge.review.uploads.messages import UploadUpdate
from judge.settings import BUNDLED


def build(context: Context) -> None:
    """The uploads, called inside a `gr.Blocks`."""
    desk = UploadDesk(context)

    def told(serial: int, text: str) -> str:
        return UploadUpdate(serial=serial, error=text).json_text()

    act = answering(context, desk.act, told, page="the uploads", undone="nothing was judged")
    note = "The bundled model reads emoji-style drawings only." if context.settings.model == BUNDLED else ""
    clips = reads_clips()
    refused = {"application/pdf": in_words(PDF.error()), **({} if clips else {"video/": in_words(CLIP.error())})}
    page = gr.HTML(
        "",
        html_template=render.html(
            "uploads", max_mib=UPLOAD_BYTES // 2**20, model_note=note, refused=refused, clips=clips
        ),
        js_on_load=render.static("uploads.js").replace("MAX_BYTES", str(UPLOAD_BYTES)),
        elem_classes=["cj-root", "up-root"],
        apply_default_css=False,
        padding=False,
    )
    page.act(act, None, page, queue=False, show_progress="hidden", trigger_mode="multiple", api_visibility="private")
