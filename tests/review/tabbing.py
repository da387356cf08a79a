"""A walk through a page by the Tab key: what it comes to, what it does not, whether one sees where one is, and whether it
ends. Arrow keys go where a widget says so by its role."""

from __future__ import annotations

_CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable=true]"
_HELPERS = """
window.cjWalk = {
  name(one) {
    const said = one.getAttribute("aria-label") || one.labels?.[0]?.innerText || one.innerText || one.placeholder || one.title || "";
    return `${one.tagName.toLowerCase()}${one.id ? "#" + one.id : ""} ${said.replace(/\\s+/g, " ").trim().slice(0, 60)}`.trim();
  },
  scope() { return document.querySelector("dialog:modal") || document.body; },
  wanted() {
    return [...this.scope().querySelectorAll(CONTROLS)].filter((one) => {
      if (one.disabled || one.closest("[inert]") || one.tabIndex < 0 && !this.byArrows(one)) return false;
      if (!one.checkVisibility({ visibilityProperty: true }) || !one.getClientRects().length) return false;
      if (one.type === "radio" && !one.checked && document.querySelector(`input[name="${one.name}"]:checked`)) return false;
      return !one.matches("input[type=hidden]");
    });
  },
  byArrows(one) { return one.matches("[role=tablist] [role=tab]"); },
  seen: new Set(),
  here() {
    const one = document.activeElement;
    if (!one || one === document.body || one === document.documentElement) return null;
    const again = this.seen.has(one), box = one.getBoundingClientRect();
    this.seen.add(one);
    const marks = (of) => { const style = getComputedStyle(of); return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none"; };
    let marked = marks(one);
    for (let up = one.parentElement, steps = 0; !marked && up && steps < 9; up = up.parentElement, steps += 1) marked = up.matches(":focus-within") && getComputedStyle(up).outlineStyle !== "none" && parseFloat(getComputedStyle(up).outlineWidth) >= 2;
    const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
    return { name: this.name(one), again, marked, inside, stop: one.matches(".cm-content") };
  },
  missed() {  // what was made anew while we walked was come to as what it took the place of
    const gone = new Set([...this.seen].filter((one) => !one.isConnected && one.id).map((one) => one.id));
    return this.wanted().filter((one) => !this.seen.has(one) && !gone.has(one.id) && !this.byArrows(one)).map((one) => this.name(one));
  },
};
""".replace("CONTROLS", repr(_CONTROLS))
MOST = 400


def walk(page, *, back=False):
    """By Tab through the page, or its dialog, from where one is once around.

    What is missed, what has no mark, what is out of sight, and where it does not go on; each a list of names.
    """
    page.evaluate(_HELPERS)
    unmarked, unseen, trapped = [], [], []
    first = before = None
    for _ in range(MOST):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        at = page.evaluate("cjWalk.here()")
        if at is None:  # the browser's own
            before = None
            continue
        if at["again"] and at["name"] == before:
            trapped.append(at["name"])
            break
        if at["again"]:
            break
        first = first or at["name"]
        unmarked += [] if at["marked"] else [at["name"]]
        unseen += [] if at["inside"] else [at["name"]]
        if at["stop"]:  # an editor takes Tab as a letter: Esc lets it go
            page.keyboard.press("Escape")
        before = at["name"]
    else:
        trapped.append("no end")
    found = {"missed": page.evaluate("cjWalk.missed()"), "no mark": unmarked, "out of sight": unseen, "trap": trapped}
    return {what: names for what, names in found.items() if names}


def arrows(page):
    """What the arrow keys do not come to in rows of tabs; names."""
    missed = []
    for tabs in page.locator("[role=tablist]:visible").all():
        names = tabs.locator("[role=tab]:visible").all()
        tabs.locator("[role=tab][aria-selected=true]").focus()
        came = set()
        for _ in names:
            page.keyboard.press("ArrowRight")
            came.add(page.evaluate("document.activeElement.id"))
        missed += [one.inner_text() for one in names if one.get_attribute("id") not in came]
    return missed
