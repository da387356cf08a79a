"""How the app looks: one palette for Gradio's own components and for the style sheets. No font is fetched.

Every pair of a text and a ground it stands on has a contrast of at least 4.5 in both themes (WCAG AA).
"""

from __future__ import annotations

import gradio as gr

from judge.review.ui import render

FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif")
SHEETS = (
    "base",
    "controls",
    "desk",
    "stage",
    "near",
    "break",
    "film",
    "decision",
    "evidence",
    "told",
    "examples",
    "overlays",
    "uploads",
    "traces",
    "workbench",
    "panel",
    "trials",
    "thresholds",
    "dashboard",
    "charts",
    "team",
)  # in order
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

PALETTE: dict[str, tuple[str, str]] = {  # by meaning: in light, in dark
    "ground": ("#f5f6f8", "#0e1115"),
    "surface": ("#ffffff", "#161a20"),
    "sunken": ("#eef0f4", "#1e242c"),
    "line": ("#d8dce3", "#2c343f"),
    "line-strong": ("#858d9b", "#6b7685"),
    "text": ("#14181f", "#e8ebf0"),
    "muted": ("#565e6b", "#a0a9b6"),
    "accent": ("#2450c8", "#8fb2ff"),
    "accent-ink": ("#ffffff", "#0d1526"),
    "mark": ("#ffffff", "#0e1115"),
    "bad": ("#a8201a", "#ff9f96"),
    "bad-tint": ("#fcebea", "#3a1b1a"),
    "good": ("#176239", "#82d9a4"),
    "good-tint": ("#e4f3ea", "#15301f"),
    "warn": ("#7d5200", "#f0c56a"),
    "warn-tint": ("#fcf1da", "#33280f"),
    "shadow": ("0 1px 2px #14181f0f, 0 1px 6px #14181f0a", "none"),
    "radius": ("10px", "10px"),
    "gap": ("16px", "16px"),
}

_GRADIO = {
    "body_background_fill": "ground",
    "body_text_color": "text",
    "body_text_color_subdued": "muted",
    "background_fill_primary": "surface",
    "background_fill_secondary": "sunken",
    "block_background_fill": "surface",
    "block_border_color": "line",
    "block_label_text_color": "muted",
    "block_label_background_fill": "surface",
    "block_title_text_color": "text",
    "block_info_text_color": "muted",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "color_accent_soft": "sunken",
    "panel_background_fill": "surface",
    "panel_border_color": "line",
    "input_background_fill": "surface",
    "input_border_color": "line-strong",
    "input_border_color_focus": "accent",
    "input_placeholder_color": "muted",
    "link_text_color": "accent",
    "link_text_color_hover": "accent",
    "link_text_color_visited": "accent",
    "link_text_color_active": "accent",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent",
    "button_primary_border_color": "accent",
    "button_primary_text_color": "accent-ink",
    "button_secondary_background_fill": "surface",
    "button_secondary_background_fill_hover": "sunken",
    "button_secondary_border_color": "line-strong",
    "button_secondary_text_color": "text",
    "checkbox_background_color": "surface",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color": "line-strong",
    "checkbox_border_color_selected": "accent",
    "checkbox_label_background_fill": "surface",
    "checkbox_label_text_color": "text",
    "table_border_color": "line",
    "table_even_background_fill": "surface",
    "table_odd_background_fill": "sunken",
    "table_text_color": "text",
    "slider_color": "accent",
    "stat_background_fill": "accent",
    "error_background_fill": "bad-tint",
    "error_text_color": "bad",
    "error_border_color": "bad",
    "code_background_fill": "sunken",
}


def theme() -> gr.themes.Base:
    """The theme of Gradio's own components, the login page among them."""
    base = gr.themes.Base(font=FONT, font_mono=MONO, radius_size="md", spacing_size="md", text_size="md")
    light = {name: PALETTE[colour][0] for name, colour in _GRADIO.items()}
    dark = {f"{name}_dark": PALETTE[colour][1] for name, colour in _GRADIO.items()}
    return base.set(
        **light,
        **dark,
        color_accent=PALETTE["accent"][0],
        button_border_width="1px",
        input_border_width="1px",
        block_shadow="none",
        button_primary_shadow="none",
        input_shadow="none",
        button_large_text_weight="550",
        block_title_text_weight="550",
    )


def head(names: tuple[str, ...] = SHEETS) -> str:
    """The page's style sheets. In the head, because Gradio would rewrite the selectors of one given as `css`."""
    light, dark = ("".join(f"--cj-{name}:{pair[place]};" for name, pair in PALETTE.items()) for place in (0, 1))
    sheets = "\n".join(render.static(f"{name}.css") for name in names)
    return f"<style>:root{{{light}}} .dark{{{dark}}}\n{sheets}</style>"
