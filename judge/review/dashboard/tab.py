"""The tab that shows how judge and people are doing: numbers above, plots below, the same as tables at the end."""

from __future__ import annotations

import base64
import io
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import gradio as gr

from judge.errors import JudgeError, UserError
from judge.review.dashboard import plots
from judge.review.dashboard.numbers import Numbers, numbers
from judge.review.export import Format, export
from judge.review.queue.listing import age
from judge.review.queue.messages import in_words, serial_of
from judge.review.store import Right, Store
from judge.review.ui import render
from judge.review.ui.context import Context, Person

log = logging.getLogger("judge")
FORMS: dict[str, Format] = {"csv": "csv", "jsonl": "jsonl", "parquet": "parquet"}
MOST_MIB = 64  # of a file that is sent to the page
RANGES = (("7", "Last 7 days"), ("30", "Last 30 days"), ("90", "Last 90 days"), ("all", "All time"))
CARDS = (
    ("verdicts", "Verdicts and decisions", "Items that came in per day (UTC), by the judge's verdict.", plots.verdicts),
    ("rules", "Violations by rule", "Images on which the judge found an enforced rule violated.", plots.rules),
    (
        "overrides",
        "Where people disagree",
        "Of the decided items on which judge or people named the rule (how many), where only one of them did.",
        plots.overrides,
    ),
    (
        "branches",
        "Where decisions were made",
        "Statements by the step of the method that decided them.",
        plots.branches,
    ),
    ("latency", "Seconds per image", "As judged; a batch shares its time evenly among its images.", plots.latency),
    ("agreement", "Second reads", "Blind second reads against first ones (pairs), by rule.", plots.agreements),
)


def build(context: Context) -> None:
    """The dashboard, called inside a `gr.Blocks`."""

    def act(event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        asked = event._data if isinstance(event._data, dict) else {}
        drawn: tuple[Any, ...] = tuple(gr.skip() for _ in CARDS)
        reply: dict[str, Any]
        try:
            person = context.person(request)
            if "form" in asked:
                reply = {"file": _exported(context.store, person, str(asked["form"]))}
            else:
                counted = numbers(context.store, _since(str(asked.get("days", "30"))))
                reply, drawn = _slots(counted, person), tuple(draw(counted) for *_, draw in CARDS)
        except JudgeError as error:
            reply = {"error": in_words(error)}
        except Exception:  # a mistake of ours: the page must say so, and the log must have it
            log.exception("the dashboard failed")
            reply = {"error": "Something went wrong on the server. Its log says more."}
        return json.dumps({**reply, "serial": serial_of(asked)}), *drawn

    # plotly takes most of a second to import, which whoever opens the tab first should not wait for
    threading.Thread(target=plots.warm, name="warm-plots", daemon=True).start()
    shape: dict[str, Any] = {"apply_default_css": False, "padding": False}
    page = gr.HTML(
        "",
        html_template=render.html("dashboard", ranges=RANGES),
        js_on_load=render.static("dashboard.js"),
        elem_classes=["cj-root", "db-root"],
        **shape,
    )
    drawn = []
    with gr.Row(elem_classes=["db-cards"]):
        for name, title, about, _ in CARDS:
            with gr.Column(elem_classes=["db-card", f"db-{name}"]):
                head = render.html("dashboard_card", title=title, about=about)
                gr.HTML(head, elem_classes=["cj-root"], **shape)
                drawn.append(gr.Plot(show_label=False, container=False, elem_id=f"db-plot-{name}"))
    gr.HTML('<div id="db-tables"></div>', elem_classes=["cj-root", "db-root"], **shape)
    page.act(
        act,
        None,
        [page, *drawn],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
        trigger_mode="multiple",
    )


def _since(days: str) -> datetime | None:
    return datetime.now(UTC) - timedelta(days=int(days)) if days in ("7", "30", "90") else None


def _exported(store: Store, person: Person, form: str) -> dict[str, str]:
    """All decisions as a file for the page to save; recorded before any of it leaves.

    Raises:
        UserError: the person may not, no such format, or it is too large to send.
    """
    store.require(person.name, Right.EXPORT)
    if form not in FORMS:
        raise UserError(f"no format '{form[:20]}'", hint=f"there are: {', '.join(FORMS)}")
    buffer = io.BytesIO()
    count = export(store, FORMS[form], buffer)
    if buffer.tell() > MOST_MIB * 2**20:
        raise UserError(f"the export is larger than {MOST_MIB} MiB", hint="use the command line: judge export")
    store.record(person.name, "export", extra={"format": form, "decisions": count})
    return {"name": f"decisions.{form}", "data": base64.b64encode(buffer.getvalue()).decode()}


def _slots(counted: Numbers, person: Person) -> dict[str, str]:
    """The tiles and the tables. How single people did on gold items is for who manages policy, and for themselves."""
    gold = [one for one in counted.gold if person.may(Right.MARK_GOLD) or one.reviewer == person.name]
    oldest = age(counted.oldest) if counted.oldest is not None else None
    second = counted.agreement[0] if counted.agreement else None
    return {
        "tiles": render.html("dashboard_tiles", numbers=counted, oldest=oldest, second=second),
        "tables": render.html(
            "dashboard_tables",
            numbers=counted,
            gold=gold,
            forms=tuple(FORMS) if person.may(Right.EXPORT) else (),
            steps=[(plots.step_name(branch), count) for branch, count in counted.branches.items()],
        ),
    }
