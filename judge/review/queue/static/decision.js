/* What is decided. A violation, a skip: at once. Whatever needs a reason: in the panel (panel.js), by Enter or a click. */
const form = () => $("cj-decision");
const ticked = () => [...element.querySelectorAll("#cj-decision input[name=rule]:checked")].map((one) => one.value);
const tickedHere = () => [...element.querySelectorAll("#cj-decision input[name=rule]:checked")].filter((one) => !one.defaultChecked || one.dataset.here).map((one) => one.value);  // by the person, not by the judge
const reason = () => (form()?.elements.reason?.value || "").trim();
function complain(text) { const place = $("cj-inline-error"); if (place) { place.textContent = ""; place.textContent = text; } }
function decide(action) {
  if (item === null || !form()?.elements.reason) return;
  complain("");
  if (action !== "no_violation" && action !== "escalate") unask();  // a reason that is asked for is no other action's
  if (action === "violation" && !ticked().length) { complain("Tick the rules that are violated first: press their digits, or find them by name."); pickRules(); return; }
  if (action === "no_violation" || action === "escalate") ask(action);
  else record(action, reason());
}
function agree() {                                   // what the judge said, whatever is ticked
  const said = element.querySelector("[data-agree]");
  if (item === null || !form()) return;
  if (!said) { complain("There is nothing to agree with: the judge left this to you, or this is a blind read."); return; }
  unask();
  const { action, rules } = JSON.parse(said.dataset.agree);
  record(action, reason() || "Agrees with the judge.", rules);
}
function record(action, why, rules = action === "escalate" ? tickedHere() : ticked()) {
  wanted = null; hearAgain();
  act("decide", { action, rules, reason: why, near: action === "skip" ? [] : chosenNear(), gold: Boolean(form().elements.gold?.checked) && (action === "violation" || action === "no_violation") });
}
