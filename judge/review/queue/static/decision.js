/* What is decided. A violation, a skip: at once. Whatever needs a reason: in the panel (panel.js), by Enter or a click. */
const form = () => $("cj-decision");
const ticked = () => [...element.querySelectorAll("#cj-decision input[name=rule]:checked")].map((one) => one.value);
const reason = () => (form()?.elements.reason?.value || "").trim();
function complain(text) { const place = $("cj-inline-error"); if (place) { place.textContent = ""; place.textContent = text; } }
function decide(action) {
  if (item === null || !form()?.elements.reason) return;
  complain("");
  if (action === "violation" && !ticked().length) { complain("Tick the rules that are violated first: press their digits, or find them by name."); pickRules(); return; }
  if (action === "no_violation" || action === "escalate") ask(action);
  else record(action, reason());
}
function record(action, why) {
  wanted = null;
  act("decide", { action, rules: ticked(), reason: why, gold: Boolean(form().elements.gold?.checked) && (action === "violation" || action === "no_violation") });
}
