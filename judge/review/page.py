"""The review app's page: a header, and a tab per job. Knows no address and no login; see `judge.review.app`."""

from __future__ import annotations

import gradio as gr

from judge.review.dashboard import tab as dashboard
from judge.review.queue import tab as queue
from judge.review.team import tab as team
from judge.review.ui import render
from judge.review.ui.context import Context
from judge.review.uploads import part as uploads
from judge.review.workbench import tab as workbench

TABS = (
    ("Queue", queue.build),
    ("Policy workbench", workbench.build),
    ("Dashboard", dashboard.build),
    ("Team", team.build),
)


def build(context: Context) -> gr.Blocks:
    """The whole page. Each tab is built by its module's `build(context)`."""
    page = gr.Blocks(title="constitution-judge", analytics_enabled=False, delete_cache=(600, 3600), fill_width=True)
    with page:
        gr.HTML(
            "",
            html_template=render.html("header"),
            js_on_load="\n".join(render.static(f"{name}.js") for name in ("header", "addresses", "tabs", "session")),
            elem_classes=["cj-root"],
            apply_default_css=False,
            padding=False,
        )
        with gr.Tabs():
            for name, build_tab in TABS:
                with gr.Tab(name, elem_id=f"cj-tab-{name.split()[-1].lower()}"):
                    build_tab(context)
        uploads.build(context)
    return page
