"""The tab where admins manage users and settings; hidden from everybody else, who could do nothing on it."""

from __future__ import annotations

import gradio as gr

from judge.review.queue.answering import answering
from judge.review.team.desk import TeamDesk, TeamUpdate
from judge.review.ui import render
from judge.review.ui.context import Context
from judge.review.ui.parts import toast


def build(context: Context) -> None:
    """The team's page, called inside a `gr.Blocks`."""
    desk = TeamDesk(context)

    def told(serial: int, text: str) -> str:
        return TeamUpdate(serial=serial, toasts=(toast(text, bad=True),)).json_text()

    act = answering(context, desk.act, told, page="the team's page", undone="nothing was changed")
    page = gr.HTML(
        "",
        html_template=render.html("team"),
        js_on_load=render.static("team.js"),
        elem_classes=["cj-root", "tm-root"],
        apply_default_css=False,
        padding=False,
    )
    page.act(act, None, page, queue=False, show_progress="hidden", trigger_mode="multiple", api_visibility="private")
