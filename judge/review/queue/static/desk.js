/* The desk in the browser: sends what a person does as one event, `act`, and puts the reply's parts in their places.
   Nothing is decided here. `element`, `trigger`, `watch` and `props` are Gradio's. */
const $ = (id) => element.querySelector("#" + id);
const desk = $("cj-desk"), live = $("cj-live"), slots = {
  stage: "cj-stage", verdict: "cj-verdict", rules: "cj-rules", decision: "cj-decision-slot", list: "cj-list",
  counts: "cj-counts", banner: "cj-banner", filters: "cj-filter-slot", constitutions: "cj-constitution",
};
const EMPTY = { verdict: "", rule: "", source: "", state: "waiting", constitution: "", order: "oldest", min_score: "", max_score: "" };
let item = null, filters = { ...EMPTY }, offset = 0, serial = 0, waiting = null, shown = false, peeking = false, wanted = null, timer = null, quietly = false, after = null;

function act(kind, data = {}, quiet = false) {
  if (waiting !== null) {                           // one thing at a time: what is on its way decides what comes next
    if (kind === "filter" || quietly && !quiet) { after = [kind, data, item]; return true; }  // but no filter is lost, and nobody waits for what they did not ask for
    return false;
  }
  waiting = ++serial; quietly = quiet;
  if (!quiet) desk.setAttribute("aria-busy", "true");
  clearTimeout(timer);
  timer = setTimeout(() => { waiting = null; desk.removeAttribute("aria-busy"); toast("The server does not answer. Check the connection and try again.", true); }, kind === "upload" ? 600000 : 20000);
  trigger("act", { kind, serial: waiting, item, filters, offset, ...data });
  return true;
}

watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;             // an answer that came too late
  clearTimeout(timer); waiting = null; desk.removeAttribute("aria-busy");
  const moved = "item" in reply && reply.item !== item;
  for (const [name, html] of Object.entries(reply.slots || {})) { const slot = $(slots[name]); if (slot) put(name, slot, html); }
  if ("item" in reply) item = reply.item;
  if ("offset" in reply) offset = reply.offset;
  if ("filters" in reply) filters = reply.filters;
  if ("person" in reply) { const who = document.getElementById("cj-person"); if (who) who.innerHTML = reply.person; }
  if ("original" in reply) setShown(reply.original);
  if (moved || shown === wanted) wanted = null;     // a wish is for one image: the next one stays shielded
  if (reply.state) desk.dataset.state = reply.state;
  $("cj-stage-tools").hidden = desk.dataset.state !== "item" || reply.state === "item" && !reply.has_image && "has_image" in reply;
  if (reply.announce) live.textContent = reply.announce;
  for (const one of reply.toasts || []) toast(one.text, one.bad);
  if (moved) { window.scrollTo({ top: 0, behavior: "instant" }); if (!document.querySelector("dialog[open]") && !$("cj-rail").contains(document.activeElement)) $("cj-work").focus({ preventScroll: true }); }
  if (reply.upload) uploaded(reply.upload);
  if (after !== null) { const [kind, data, of] = after; after = null; if (kind === "filter" || of === item) { act(kind, data); return; } }
  if (wanted !== null && shown !== wanted) act(wanted ? "reveal" : "hide");
});

function put(name, slot, html) {
  const chosen = name === "constitutions" ? slot.value : "";
  slot.innerHTML = html;
  if (chosen && [...slot.options].some((one) => one.value === chosen)) slot.value = chosen;  // it may have been chosen meanwhile
}
function setShown(on) {
  shown = on;
  const button = $("cj-reveal");
  button.setAttribute("aria-pressed", String(on));
  button.querySelector("span").textContent = on ? "Hide" : "Reveal";
}
function want(on, peek) {                            // a key may be let go before the image has come
  peeking = peek; wanted = on;
  if (shown !== on) act(on ? "reveal" : "hide");
}
function toast(text, bad) {
  const box = document.createElement("div");
  box.className = "cj-toast" + (bad ? " cj-toast-bad" : ""); box.textContent = text;
  $("cj-toasts").append(box);
  setTimeout(() => box.remove(), bad ? 9000 : 4000);
}

/* Decisions */
const form = () => $("cj-decision");
const ticked = () => [...element.querySelectorAll("#cj-decision input[name=rule]:checked")].map((one) => one.value);
const reason = () => (form()?.elements.reason?.value || "").trim();
function complain(text) { const place = $("cj-inline-error"); if (place) { place.textContent = ""; place.textContent = text; } }
function decide(action, why = reason()) {
  if (item === null || !form() || !form().elements.reason) return;
  complain("");
  if (action === "violation" && !ticked().length) { complain("Tick the rules that are violated first: press their digits."); form().querySelector("input[name=rule]")?.focus(); return; }
  if ((action === "no_violation" || action === "escalate") && !why) { ask(action); return; }
  wanted = null;
  act("decide", { action, rules: ticked(), reason: why, gold: Boolean(form().elements.gold?.checked) && (action === "violation" || action === "no_violation") });
}
function ask(action) {
  const box = $("cj-why-not"); box.hidden = false; box.dataset.action = action;
  $("cj-why-title").textContent = action === "escalate" ? "Escalate: why?" : "No violation: why?";
  for (const part of box.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== action;
  live.textContent = $("cj-why-title").textContent + " Press a digit, or type a reason.";
  box.querySelector("[data-for]:not([hidden]) button").focus();
}
function unask() { const box = $("cj-why-not"); if (box && !box.hidden) { box.hidden = true; $("cj-work").focus({ preventScroll: true }); return true; } return false; }
function asking() { const box = $("cj-why-not"); return box && !box.hidden ? box : null; }

function neighbour(step) {
  const all = [...element.querySelectorAll("[data-open]")];
  if (!all.length) return;
  const at = all.findIndex((one) => Number(one.dataset.open) === item);
  const next = all[at < 0 ? 0 : at + step];
  if (next) act("take", { open: Number(next.dataset.open) });
}

/* Clicks */
element.addEventListener("click", (event) => {
  const button = event.target.closest("button, [data-quick]");
  if (!button || !element.contains(button)) return;
  const set = button.dataset;
  if (set.act) decide(set.act);
  else if (set.quick) { const box = asking(); if (box) decide(box.dataset.action, set.quick); }
  else if (set.open) act("take", { open: Number(set.open) });
  else if (set.page) act("page", { offset: Number(set.page) });
  else if (set.dialog) openDialog(set.dialog);
  else if (set.toggle === "rail") { const on = desk.classList.toggle("cj-rail-open"); button.setAttribute("aria-expanded", String(on)); }
  else if (set.toggle === "boxes") toggleBoxes();
  else if (set.kind === "reveal") want(!shown, false);
  else if (set.kind === "clear") clearFilters();
  else if (set.kind) act(set.kind);
});
function clearFilters() {
  filters = { ...EMPTY }; offset = 0;
  const fields = $("cj-filters")?.elements || {};
  for (const [name, value] of Object.entries(EMPTY)) if (fields[name]) fields[name].value = value;
  act("filter");
}
function toggleBoxes() { const off = desk.classList.toggle("cj-no-boxes"); $("cj-boxes-toggle").setAttribute("aria-pressed", String(!off)); }
element.addEventListener("change", (event) => {
  const changed = event.target.closest("#cj-filters");
  if (changed) { for (const name of Object.keys(EMPTY)) if (changed.elements[name]) filters[name] = changed.elements[name].value; offset = 0; act("filter"); }
  if (event.target.id === "cj-keys-on") localStorage.setItem("cj-keys", event.target.checked ? "on" : "off");
});
element.addEventListener("submit", (event) => {
  if (event.target.method === "dialog") return;
  event.preventDefault();
  const box = asking();
  if (event.target === form() && box) decide(box.dataset.action);
});

/* Hold to peek: pointer, and P */
const peek = $("cj-peek");
peek.addEventListener("pointerdown", (event) => { peek.setPointerCapture(event.pointerId); want(true, true); });
for (const name of ["pointerup", "pointercancel", "blur"]) peek.addEventListener(name, () => { if (peeking) letGo(); });
function letGo() { want(false, true); peeking = false; }

/* Keys */
$("cj-keys-on").checked = localStorage.getItem("cj-keys") !== "off";
const typing = (node) => node.isContentEditable || /^(TEXTAREA|SELECT)$/.test(node.tagName) || node.tagName === "INPUT" && !/^(checkbox|radio|button)$/.test(node.type);
const KEYS = {
  v: () => decide("violation"), n: () => decide("no_violation"), e: () => decide("escalate"), s: () => decide("skip"),
  u: () => act("undo"), r: () => item !== null && want(!shown, false), b: toggleBoxes, j: () => neighbour(1), k: () => neighbour(-1),
  i: () => form()?.elements.reason?.focus(), g: () => $("cj-gold")?.click(), "?": () => openDialog("cj-keys"),
};
function down(event) {
  if (!element.isConnected) { document.removeEventListener("keydown", down); document.removeEventListener("keyup", up); return; }
  if (desk.offsetParent === null || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) { if (unask() || typing(event.target)) { $("cj-work").focus({ preventScroll: true }); event.preventDefault(); } return; }
  if (document.querySelector("dialog[open]") || typing(event.target)) return;
  if (!$("cj-keys-on").checked && event.key !== "?") return;
  if (waiting !== null && !quietly) { event.preventDefault(); return; }  // a key is meant for what is on the screen when it comes
  const box = asking(), key = event.key.toLowerCase();
  if (/^[0-9]$/.test(key)) {
    const places = box ? box.querySelectorAll("[data-for]:not([hidden]) button") : element.querySelectorAll("#cj-decision input[name=rule]");
    const found = places[box ? Number(key) - 1 : (Number(key) + 9) % 10];
    if (found) { found.click(); event.preventDefault(); }
    return;
  }
  if (key === "p" && item !== null) { if (!event.repeat) want(true, true); event.preventDefault(); return; }
  if (event.repeat && key !== "j" && key !== "k") return;
  if (box && key.length === 1 && !(key in KEYS)) return;
  if (key in KEYS) { event.preventDefault(); KEYS[key](); }
}
function up(event) { if (event.key.toLowerCase() === "p" && peeking) letGo(); }
document.addEventListener("keydown", down);
document.addEventListener("keyup", up);
window.addEventListener("blur", () => { if (peeking) letGo(); });

function openDialog(id) { const box = $(id); if (box && !box.open) { box.showModal(); if (id === "cj-upload") { resetUpload(); act("warm", { constitution: $("cj-constitution").value }, true); } } }

/* Uploads: read here and sent with the event, so that the server never has them in a folder of temporary files */
const file = $("cj-file"), go = $("cj-upload-go"), drop = $("cj-drop");
let chosen = null;
function choose(one) {
  chosen = one || null; go.disabled = chosen === null;
  $("cj-file-name").textContent = chosen ? chosen.name : "No image chosen";
  if (chosen && chosen.size > MAX_BYTES) { go.disabled = true; say("This file is larger than the server takes.", true); } else say("");
}
function say(text, bad, busy) { const place = $("cj-upload-state"); place.textContent = text; place.className = "cj-small" + (bad ? " cj-inline-error" : ""); if (busy) place.prepend(Object.assign(document.createElement("span"), { className: "cj-spinner" })); }
function resetUpload() { file.value = ""; chosen = null; go.disabled = true; say(""); $("cj-file-name").textContent = "or drop one here"; }
if (file) {
  file.addEventListener("change", () => choose(file.files[0]));
  for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.toggle("cj-over", name === "dragover"); if (name === "drop") choose(event.dataTransfer.files[0]); });
  go.addEventListener("click", async () => {
    if (!chosen) return;
    const data = await new Promise((done, fail) => { const reader = new FileReader(); reader.onload = () => done(reader.result.split(",")[1]); reader.onerror = fail; reader.readAsDataURL(chosen); });
    if (act("upload", { name: chosen.name, data, constitution: $("cj-constitution").value })) { go.disabled = true; say("Judging. The first image also loads the model.", false, true); }
  });
}
function uploaded(reply) { if (reply.error) { say(reply.error, true); go.disabled = false; } else $("cj-upload").close(); }

/* Stay in touch: keep the lease while the page is looked at, and see what others did */
setInterval(() => { if (document.visibilityState === "visible" && desk.offsetParent !== null && waiting === null && !asking()) act("refresh", {}, true); }, REFRESH_SECONDS * 1000);
act("start");
