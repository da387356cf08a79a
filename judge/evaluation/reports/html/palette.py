"""Colours of page and plots, light and dark. Plots are drawn in the light ones; the page's script swaps them."""

from __future__ import annotations

LIGHT = {
    "ink": "#1b2430",
    "muted": "#566373",
    "line": "#d9dfe6",
    "ground": "#f6f8fa",
    "card": "#ffffff",
    "track": "#e9edf2",
    "method": "#1d5fd1",
    "baseline": "#b4541a",
    "ablation": "#6b5bb0",
    "peer": "#2b7a6f",
    "right": "#1e7b45",
    "wrong": "#b3261e",
    "review": "#8a6100",
}
DARK = {
    "ink": "#e7ecf3",
    "muted": "#a3afbe",
    "line": "#323d4b",
    "ground": "#11161d",
    "card": "#1a212b",
    "track": "#2b3542",
    "method": "#7fb0ff",
    "baseline": "#f0a066",
    "ablation": "#b9abf7",
    "peer": "#6ed0c1",
    "right": "#6fd39a",
    "wrong": "#ff8f86",
    "review": "#f0c25e",
}


def variables(colours: dict[str, str]) -> str:
    """The colours as CSS custom properties."""
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def in_the_dark() -> dict[str, str]:
    """Light colour to dark one, for plots."""
    return {light: DARK[name] for name, light in LIGHT.items()}
