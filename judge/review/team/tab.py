"""The tab where admins manage users and settings; hidden from everybody else, who could do nothing on it."""

from __future__ import annotations

import logging

import gradio as gr

from judge.errors import UserError
from judge.review.queue.messages import in_words, serial_of
from judge.review.team.desk import TeamDesk, TeamUpdate
from judge.review.ui import render
from judge.review.ui.context import Context

log = logging.getLogger("judge")


def build(context: Context) -> None:
    """The team's page, called inside a `gr.Blocks`."""
    desk = TeamDesk(context)

    def act(event: gr.EventData, request: gr.Request) -> str:
        try:
            return desk.act(event._data, context.person(request))
        except UserError as error:
            said = in_words(error)
        except Exception:  # a mistake of ours: the page must say so, and the log must have it
            log.exception("the team's page failed")
            said = "Something went wrong on the server, and nothing was changed. Its log says more."
        return TeamUpdate(serial=serial_of(event._data), toasts=({"text": said, "bad": True},)).json_text()

    page = gr.HTML(
        "",
        html_template=render.html("team"),
        js_on_load=render.static("team.js"),
        elem_classes=["cj-root", "tm-root"],
        apply_default_css=False,
        padding=False,
    )
    page.act(act, None, page, queue=False, show_progress="hidden", trigger_mode="multiple", api_visibility="private")
