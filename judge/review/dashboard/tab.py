"""The tab that shows how judge and people are doing: numbers above, charts below, each with its items and its table."""

from __future__ import annotations

import base64
import csv
import io
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import gradio as gr

from judge.errors import JudgeError, UserError
from judge.review.dashboard.behind import MOST, behind
from judge.review.dashboard.chart import DashboardChart
from judge.review.dashboard.charts import charts
from judge.review.dashboard.numbers import Numbers, numbers
from judge.review.export import Format, cell, export
from judge.review.queue.listing import age
from judge.review.queue.messages import in_words, serial_of
from judge.review.store import Right, Store
from judge.review.ui import render
from judge.review.ui.context import Context, Person

log = logging.getLogger("judge")
FORMS: dict[str, Format] = {"csv": "csv", "jsonl": "jsonl", "parquet": "parquet"}
MOST_MIB = 64  # of a file that is sent to the page
RANGES = (("7", "Last 7 days"), ("30", "Last 30 days"), ("90", "Last 90 days"), ("all", "All time"))


def build(context: Context) -> None:
    """The dashboard, called inside a `gr.Blocks`."""

    def act(event: gr.EventData, request: gr.Request) -> str:
        asked = event._data if isinstance(event._data, dict) else {}
        reply: dict[str, Any]
        try:
            reply = answered(context.store, context.person(request), asked)
        except JudgeError as error:
            reply = {"error": in_words(error)}
        except Exception:  # a mistake of ours: the page must say so, and the log must have it
            log.exception("the dashboard failed")
            reply = {"error": "Something went wrong on the server. Its log says more."}
        return json.dumps({**reply, "serial": serial_of(asked)})

    page = gr.HTML(
        "",
        html_template=render.html("dashboard", ranges=RANGES),
        js_on_load=render.static("dashboard.js"),
        elem_classes=["cj-root", "db-root"],
        apply_default_css=False,
        padding=False,
    )
    page.act(act, None, page, queue=False, show_progress="hidden", api_visibility="private", trigger_mode="multiple")


def answered(store: Store, person: Person, asked: dict[str, Any]) -> dict[str, Any]:
    """What the page is told: the numbers of a range, the items behind a bar, or a file.

    Raises:
        UserError: what was asked for is not there, or not for this person.
    """
    since = _since(str(asked.get("days", "30")))
    if "form" in asked:
        return {"file": _exported(store, person, str(asked["form"]))}
    if "open" in asked:
        return {"items": _behind(store, person, str(asked["open"]), str(asked.get("key", "")), since)}
    counted = numbers(store, since)
    drawn = charts(counted, None if person.may(Right.MARK_GOLD) else counted.called.get(person.name, person.name))
    if "chart" in asked:
        return {"file": _as_csv(drawn, str(asked["chart"]))}
    return _slots(counted, drawn, person)


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


def _as_csv(drawn: tuple[DashboardChart, ...], name: str) -> dict[str, str]:
    """What a chart shows, as a table in a file. It leaves no line: it is on the screen already.

    Raises:
        UserError: there is no such chart.
    """
    chart = next((one for one in drawn if one.name == name), None)
    if chart is None:
        raise UserError(f"no chart '{name[:40]}'", hint="reload the page")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    what = ""
    header = []
    for title in chart.header:  # "from" and "to" say of what
        header.append(f"{what} {title}" if title in ("from", "to") else title)
        what = what if title in ("from", "to") else title
    writer.writerow(header)
    writer.writerows([cell(one) for one in row] for row in chart.rows)
    return {"name": f"{name}.csv", "data": base64.b64encode(text.getvalue().encode()).decode()}


def _behind(store: Store, person: Person, chart: str, key: str, since: datetime | None) -> str:
    """The items behind a bar. Some of what people decided is read blind by others, so they are not for everybody.

    Raises:
        UserError: the person may not.
    """
    store.require(person.name, Right.DECIDE_ESCALATED)
    total, found = behind(store, chart, key, since, datetime.now(UTC))
    return render.html("dashboard_items", items=found, total=total, most=MOST)


def _slots(counted: Numbers, drawn: tuple[DashboardChart, ...], person: Person) -> dict[str, str]:
    """The tiles and the charts. How single people did is for who manages policy, and for themselves."""
    oldest = age(counted.oldest) if counted.oldest is not None else None
    second = counted.agreement[0] if counted.agreement else None
    return {
        "tiles": render.html("dashboard_tiles", numbers=counted, oldest=oldest, second=second),
        "charts": render.html(
            "dashboard_charts",
            charts=drawn,
            opens=person.may(Right.DECIDE_ESCALATED),
            forms=tuple(FORMS) if person.may(Right.EXPORT) else (),
        ),
    }
