/* The workbench in the browser: sends what a person does as one event, `act`, and puts the reply's parts in their
   places. The draft's text travels with every event. `element`, `trigger`, `watch` and `props` are Gradio's. What
   follows stands in one function with this: draft.js, gutter.js, jobs.js, thresholds.js, panels.js. */
const panel = element.querySelector("#wb-panel"), row = element.closest(".wb-row"), tab = element.closest(".tabitem") || document.body;
const $ = (id) => tab.querySelector("#" + id), ref = $("wb-ref");
const SLOTS = { try: "wb-try-slot", compare: "wb-compare-slot", curve: "wb-curve-slot", save: "wb-save-slot", proposal: "wb-proposal", cases: "wb-cases", wanted: "wb-wanted-slot" };
let serial = 0, waiting = null, timer = null, current = "check", working = null, asked = "";
const line = [];                                    // what is to be sent when the answer has come

function act(kind, data = {}) {
  if (waiting !== null) { if (!line.some((one) => one[0] === kind && kind === "job")) line.push([kind, data]); return; }
  waiting = ++serial;
  if (kind !== "job") panel.setAttribute("aria-busy", "true");
  timer = setTimeout(() => { free(); toast("The server does not answer. Check the connection and try again.", true); }, kind === "upload" ? 120000 : 60000);
  trigger("act", { kind, serial: waiting, ...data });
}
function free() { clearTimeout(timer); waiting = null; panel.removeAttribute("aria-busy"); }

watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting && reply.serial !== 0) return;
  free();
  for (const [name, html] of Object.entries(reply.slots || {})) { const slot = $(name === "job" ? SLOTS[working] : SLOTS[name]); if (slot) slot.innerHTML = html; }
  if (reply.refs !== undefined) { ref.innerHTML = reply.refs; $("wb-against").innerHTML = reply.refs; }
  if (reply.opened !== undefined) nowOpen(reply);
  else if (opened === "" && heading) { heading = ""; act("start"); }  // the address named one that is not there: it was told
  else if (following) { following = false; place(true); }
  if (reply.rules !== undefined) fillRules(reply.rules);
  if (reply.slots && "curve" in reply.slots) drawCurve();
  if ("job" in reply) progress(reply.job);
  if (reply.announce) say(reply.announce);
  for (const one of reply.toasts || []) toast(one.text, one.bad);
  const next = line.shift();
  if (next) act(...next);
});

/* The draft: what the live check says of it */
function state() {
  const live = $("wb-live")?.querySelector(".wb-live"), place = $("wb-state");
  if (!live) return;
  const set = live.dataset, many = (n, one) => `${n} ${one}${n === "1" ? "" : "s"}`;
  const worst = set.mistakes !== "0" ? "bad" : set.warnings !== "0" ? "warn" : "good";
  place.dataset.is = worst;
  place.textContent = set.loads === "true" ? `${set.name} ${set.version} loads: ${many(set.rules, "rule")}${set.mistakes !== "0" ? ", " + many(set.mistakes, "error") : ""}${set.warnings !== "0" ? ", " + many(set.warnings, "warning") : ""}` : `Does not load: ${many(set.mistakes, "mistake")}`;
  badge("check", Number(set.mistakes) + Number(set.warnings)); badge("chains", Number(set.rules));
  const cases = live.querySelector(".wb-cases")?.dataset; badge("cases", Number(cases?.breaks || cases?.count || 0), cases?.breaks > 0 ? "bad" : "");
  mark([...live.querySelectorAll(".wb-finding")]);
  show(current);
}
function badge(name, count, worst = "") { const place = element.querySelector(`[data-badge=${name}]`); place.textContent = count ? String(count) : ""; place.dataset.is = name === "check" && count ? $("wb-state").dataset.is : worst; }
const box = $("wb-live");
if (box) new MutationObserver(state).observe(box, { childList: true, subtree: true });
row.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const set = button.dataset;
  if (set.panel) show(set.panel);
  else if (set.line) goTo(Number(set.line));
  else if (set.kind === "try" || set.kind === "compare") start(set.kind, { choice: $(`wb-${set.kind}-choice`).value, count: Number($(`wb-${set.kind}-count`).value) || 12, ref: set.kind === "compare" ? $("wb-against").value : "" });
  else if (set.kind === "upload") upload();
  else if (set.kind === "case") { button.disabled = true; act("case", { item: Number(set.item) }); }
  else if (set.kind === "ask") start("ask", {});
  else if (set.kind === "put") act("put", { knob: $("wb-knob").value, rule: $("wb-rule").value, value: Number(set.value) });
  else if (set.kind === "stop") act("stop");
  else if (set.kind === "propose") { $("wb-proposal").innerHTML = ""; act("propose", { line: $("wb-why").value }); }
  else if (set.kind === "save") { button.disabled = true; act("save", { line: $("wb-why").value, token: set.token }); }
  else if (set.kind === "discard") { $("wb-proposal").innerHTML = ""; $("wb-why").focus(); }
});
row.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.id === "wb-why") { event.preventDefault(); act("propose", { line: event.target.value }); } });
row.addEventListener("input", (event) => { if (event.target.id === "wb-why") { const place = $("wb-proposal"); if (place.innerHTML) place.innerHTML = ""; } });

function say(words) { const place = $("wb-said"); if (place) place.textContent = words; }
function toast(words, bad) {
  const one = document.createElement("div");
  one.className = "cj-toast" + (bad ? " cj-toast-bad" : ""); one.textContent = words;
  $("wb-toasts").append(one);
  setTimeout(() => one.remove(), bad ? 9000 : 5000);
}
