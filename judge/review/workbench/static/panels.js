/* The panels beside the draft: one is shown, and it stands in the address (ui/static/addresses.js): #/policy-workbench/try. */
function show(name) {
  const changed = name !== current;
  current = name;
  for (const one of element.querySelectorAll("[role=tab]")) { const on = one.dataset.panel === name; one.setAttribute("aria-selected", String(on)); one.tabIndex = on ? 0 : -1; }
  for (const one of row.querySelectorAll("[data-for]")) one.hidden = one.dataset.for !== name;
  if (name === "thresholds" && (changed || !curveOf)) curve();
  if (name === "cases" && changed) act("wanted");
  if (changed) document.dispatchEvent(new CustomEvent("cj-place", { detail: { tab: "policy-workbench", at: name === "check" ? "" : "/" + name } }));
}
function addressed() {                               // the panel that the address names
  const found = /^#\/policy-workbench(?:\/([a-z]+))?$/.exec(location.hash), name = found && (found[1] || "check");
  if (name && name !== current && [...element.querySelectorAll("[role=tab]")].some((one) => one.dataset.panel === name)) show(name);
}
element.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...element.querySelectorAll("[role=tab]")], at = all.findIndex((one) => one.dataset.panel === current);
  const next = all[(at + step + all.length) % all.length];
  show(next.dataset.panel); next.focus(); event.preventDefault();
});
document.addEventListener("cj-go", function go(event) {
  if (!element.isConnected) document.removeEventListener("cj-go", go);
  else if (event.detail === "policy-workbench") addressed();
});
addressed();
