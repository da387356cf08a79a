"""How the app looks: Gradio's own components take the colours and sizes of `static/desk.css`. No font is fetched."""

from __future__ import annotations

import gradio as gr

FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

_COLOURS = {
    "body_background_fill": "ground", "body_text_color": "text", "body_text_color_subdued": "muted",
    "background_fill_primary": "surface", "background_fill_secondary": "sunken",
    "block_background_fill": "surface", "block_border_color": "line", "block_label_text_color": "muted",
    "block_label_background_fill": "surface", "block_title_text_color": "text", "block_info_text_color": "muted",
    "border_color_primary": "line", "border_color_accent": "accent", "color_accent": "accent",
    "color_accent_soft": "sunken", "panel_background_fill": "surface", "panel_border_color": "line",
    "input_background_fill": "surface", "input_border_color": "line-strong", "input_border_color_focus": "accent",
    "input_placeholder_color": "muted", "link_text_color": "accent", "link_text_color_hover": "accent",
    "link_text_color_visited": "accent", "link_text_color_active": "accent",
    "button_primary_background_fill": "accent", "button_primary_background_fill_hover": "accent",
    "button_primary_border_color": "accent", "button_primary_text_color": "accent-ink",
    "button_secondary_background_fill": "surface", "button_secondary_background_fill_hover": "sunken",
    "button_secondary_border_color": "line-strong", "button_secondary_text_color": "text",
    "checkbox_background_color": "surface", "checkbox_background_color_selected": "accent",
    "checkbox_border_color": "line-strong", "checkbox_border_color_selected": "accent",
    "checkbox_label_background_fill": "surface", "checkbox_label_text_color": "text",
    "table_border_color": "line", "table_even_background_fill": "surface", "table_odd_background_fill": "sunken",
    "table_text_color": "text", "slider_color": "accent", "stat_background_fill": "accent",
    "error_background_fill": "bad-tint", "error_text_color": "bad", "error_border_color": "bad",
    "code_background_fill": "sunken",
}  # fmt: skip


def theme() -> gr.themes.Base:
    """The theme: every colour is a custom property of the style sheet, which knows light and dark."""
    base = gr.themes.Base(font=FONT, font_mono=MONO, radius_size="md", spacing_size="md", text_size="md")
    colours = {name: f"var(--cj-{value})" for name, value in _COLOURS.items()}
    both = {**colours, **{f"{name}_dark": value for name, value in colours.items() if name != "color_accent"}}
    known = {name: value for name, value in both.items() if hasattr(base, name)}
    return base.set(
        **known, button_border_width="1px", block_shadow="none", button_primary_shadow="none", input_shadow="none",
        button_large_text_weight="550", block_title_text_weight="550",
    )  # fmt: skip
