"""A Gradio page that judges one uploaded image and shows the verdict with every rule's chain.

Nothing leaves the machine: no analytics, no fonts or scripts from elsewhere, no files but the upload, which
is deleted within the hour. The upload stays blurred until it is revealed.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from judge.assemble import load_judge
from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.resources import shipped_constitutions
from judge.settings import Settings
from judge.verdict import Answer, Evidence, Finding, Verdict

if TYPE_CHECKING:
    import gradio

_WORDS = {"violation": "Violation", "no_violation": "No violation", "needs_review": "Needs review"}
_CSS = """
.verdict {font-size: 1.6rem; font-weight: 600; margin: .2rem 0 .6rem}
.violation {color: #b3261e} .no_violation {color: #1b6e3c} .needs_review {color: #8a5a00}
.dark .violation {color: #ff8a80} .dark .no_violation {color: #7bd89b} .dark .needs_review {color: #ffcf70}
table.chain {width: 100%; border-collapse: collapse; margin: .3rem 0 1rem} table.chain td, table.chain th
{text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884; vertical-align: top}
meter {width: 7rem} .shielded img {filter: blur(24px) grayscale(1)}
"""


def build(settings: Settings) -> gradio.Blocks:
    """The page; its models are loaded when the first image is judged.

    Raises:
        UserError: a constitution that ships cannot be loaded.
    """
    import gradio as gr

    judges: dict[str, Judge] = {}

    def judged(path: str | None, constitution: str) -> str:
        if path is None:
            return "<p>Choose an image first.</p>"
        if constitution not in judges:
            try:
                judges[constitution] = load_judge(constitution, settings)
            except UserError as error:
                raise gr.Error(str(error)) from error
        return verdict_html(judges[constitution].judge(path, name="upload"))

    names = list(shipped_constitutions())

    page: gradio.Blocks = gr.Blocks(title="constitution-judge", analytics_enabled=False, delete_cache=(600, 3600))
    with page:
        gr.Markdown("# constitution-judge\nThe bundled model reads emoji-style drawings only.")
        with gr.Row():
            with gr.Column(scale=2):
                image = gr.Image(type="filepath", label="Image", sources=["upload"], elem_classes=["shielded"])
                reveal = gr.Checkbox(False, label="Reveal the image")
                chosen = gr.Dropdown(names, value="demo", label="Constitution")
                button = gr.Button("Judge", variant="primary")
            with gr.Column(scale=3):
                shown = gr.HTML(label="Verdict")
        button.click(judged, [image, chosen], shown, api_name="judge")
        reveal.change(
            lambda on: gr.Image(elem_classes=[] if on else ["shielded"]), reveal, image, api_visibility="private"
        )
    return page


def launch(settings: Settings, port: int) -> None:
    """Serve the page on this machine only, until interrupted."""
    build(settings).launch(server_name="127.0.0.1", server_port=port, css=_CSS, allowed_paths=[], ssr_mode=False)


def verdict_html(verdict: Verdict) -> str:
    """A verdict for the page: the word, the reasons, and a table per judged rule."""
    parts = [f'<div class="verdict {verdict.verdict}">{_WORDS[verdict.verdict]}</div>']
    parts += [f"<p>{escape(text)}</p>" for text in (*verdict.reasons, *verdict.notes)]
    order = {"violated": 0, "undecided": 1, "not_violated": 2, "pruned": 3}
    for finding in sorted(verdict.findings, key=lambda one: order[one.outcome]):
        parts.append(_finding_html(finding))
    return "\n".join(parts)


def _finding_html(finding: Finding) -> str:
    rows = "".join(
        _row_html(evidence, prefix if index == 0 else "or ")
        for prefix, conditions in (("", finding.preconditions), ("unless ", finding.exceptions))
        for condition in conditions
        for index, evidence in enumerate(condition.alternatives)
    )
    opened = " open" if finding.outcome in ("violated", "undecided") else ""
    title = f"{finding.rule}: {finding.outcome.replace('_', ' ')}"
    head = "<tr><th>precondition</th><th>outcome</th><th>with image</th><th>prior</th><th>decided by</th></tr>"
    return (
        f"<details{opened}><summary><b>{escape(title)}</b></summary><p>{escape(finding.text)}</p>"
        f'<table class="chain">{head}{rows}</table></details>'
    )


def _row_html(evidence: Evidence, prefix: str) -> str:
    def meter(answer: Answer | None) -> str:
        return (
            f'<meter min="0" max="1" value="{answer.probability}"></meter> {answer.probability:.3f}' if answer else ""
        )

    why = evidence.reasoning.text if evidence.reasoning else evidence.reason or ""
    decided = f"{evidence.branch.replace('_', ' ')}{f': {why}' if why else ''}"
    cells = (escape(prefix + evidence.statement), evidence.outcome.replace("_", " "))
    return (
        f"<tr><td>{cells[0]}</td><td>{cells[1]}</td><td>{meter(evidence.answer)}</td>"
        f"<td>{meter(evidence.prior)}</td><td>{escape(decided)}</td></tr>"
    )
