/* The panels beside the draft: one is shown. It and the constitution that is open stand in the address
   (ui/static/addresses.js): #/policy-workbench/try?constitution=saved:house-rules@1.1.0. */
const PLACE = /^#\/policy-workbench(?:\/([a-z]+))?(?:\?constitution=([^&]*))?$/, AT_FIRST = "shipped:demo";
let heading = "", arriving = true, following = false;  // the constitution that the address of the page named, when it was opened
function show(name) {
  const changed = name !== current;
  current = name;
  for (const one of element.querySelectorAll("[role=tab]")) { const on = one.dataset.panel === name; one.setAttribute("aria-selected", String(on)); one.tabIndex = on ? 0 : -1; }
  for (const one of row.querySelectorAll("[data-for]")) one.hidden = one.dataset.for !== name;
  if (changed) { asked = ""; place(); }
  if (asked || opened === "" || !$("wb-live")?.querySelector(".wb-live")) return;  // the text comes after the page: its check shows the panel again
  asked = name;
  if (name === "thresholds") curve();
  if (name === "cases") act("wanted");
}
function place(replace = false) {
  const of = opened || heading || AT_FIRST, called = encodeURIComponent(of).replace("%3A", ":").replace("%40", "@");
  const at = (current === "check" ? "" : "/" + current) + (of === AT_FIRST ? "" : "?constitution=" + called);
  document.dispatchEvent(new CustomEvent("cj-place", { detail: { tab: "policy-workbench", at, replace } }));
}
function addressed() {                               // shows the panel that the address names; the constitution it names
  const found = PLACE.exec(location.hash), name = found && (found[1] || "check");
  let of = "";
  try { of = decodeURIComponent(found?.[2] || ""); } catch { /* cut off: none */ }
  heading = opened ? "" : of;
  if (name && name !== current && [...element.querySelectorAll("[role=tab]")].some((one) => one.dataset.panel === name)) show(name);
  return found && (of || AT_FIRST);
}
function follow() {                                  // back to where another one was open
  const to = addressed();
  if (!to || to === opened || opened === "") return;
  following = true;
  if (dirty()) question("open", to); else act("open", { ref: to });
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
  else if (event.detail === "policy-workbench") follow();
});
addressed();
act("start", heading ? { ref: heading } : {});
