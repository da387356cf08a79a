/* The workbench in the browser: sends what a person does as one event, `act`, and puts the reply's parts in their
   places. The draft's text travels with every event. `element`, `trigger`, `watch` and `props` are Gradio's. */
const panel = element.querySelector("#wb-panel"), row = element.closest(".wb-row"), tab = element.closest(".tabitem") || document.body;
const $ = (id) => tab.querySelector("#" + id), code = $("wb-code"), ref = $("wb-ref");
const SLOTS = { try: "wb-try-slot", compare: "wb-compare-slot", curve: "wb-curve-slot", save: "wb-save-slot", proposal: "wb-proposal" };
let serial = 0, waiting = null, timer = null, current = "check", opened = "", clean = null, working = null, curveOf = "", wantedCurve = false;
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
  if (reply.opened !== undefined) { opened = reply.opened; clean = null; curveOf = ""; if (current === "thresholds") wantedCurve = true; }
  if (reply.rules !== undefined) fillRules(reply.rules);
  if (reply.slots && "curve" in reply.slots) drawCurve();
  if ("job" in reply) progress(reply.job);
  if (reply.announce) say(reply.announce);
  for (const one of reply.toasts || []) toast(one.text, one.bad);
  const next = line.shift();
  if (next) act(...next); else if (wantedCurve) { wantedCurve = false; setTimeout(curve, 400); }
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
  show(current);
}
function badge(name, count) { const place = element.querySelector(`[data-badge=${name}]`); place.textContent = count ? String(count) : ""; place.dataset.is = name === "check" && count ? $("wb-state").dataset.is : ""; }
const box = $("wb-live");
if (box) new MutationObserver(state).observe(box, { childList: true, subtree: true });
code?.addEventListener("input", () => { clean = false; });
code?.addEventListener("keydown", (event) => { if (event.key.length === 1 || ["Enter", "Backspace", "Delete", "Tab"].includes(event.key)) if (!event.ctrlKey && !event.metaKey || event.key === "z" || event.key === "v" || event.key === "x") clean = false; });
code?.addEventListener("paste", () => { clean = false; });

function goTo(number) {
  const scroller = code.querySelector(".cm-scroller"), height = code.querySelector(".cm-line")?.getBoundingClientRect().height || 18;
  scroller.scrollTop = Math.max((number - 1) * height - scroller.clientHeight / 3, 0);
  if (window.matchMedia("(max-width: 1100px)").matches) code.scrollIntoView({ block: "start" });
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const gutter = [...code.querySelectorAll(".cm-lineNumbers .cm-gutterElement")].find((one) => one.textContent === String(number) && one.offsetHeight);
    const at = gutter?.getBoundingClientRect().top;
    const found = [...code.querySelectorAll(".cm-line")].find((one) => at !== undefined && Math.abs(one.getBoundingClientRect().top - at) < height / 2);
    if (!found) return;
    const range = document.createRange(); range.selectNodeContents(found); range.collapse(true);
    code.querySelector(".cm-content").focus({ preventScroll: true });
    const picked = getSelection(); picked.removeAllRanges(); picked.addRange(range);
    scroller.scrollLeft = 0;
    const mark = document.createElement("div"), inside = code.getBoundingClientRect();  // the editor redraws its own lines
    mark.className = "wb-found"; mark.style.top = `${found.getBoundingClientRect().top - inside.top}px`; mark.style.height = `${height}px`;
    code.querySelector(".wb-found")?.remove(); code.append(mark); setTimeout(() => mark.remove(), 2000);
  }));
}

/* Panels */
function show(name) {
  const changed = name !== current;
  current = name;
  for (const one of element.querySelectorAll("[role=tab]")) { const on = one.dataset.panel === name; one.setAttribute("aria-selected", String(on)); one.tabIndex = on ? 0 : -1; }
  for (const one of row.querySelectorAll("section[data-for]")) one.hidden = one.dataset.for !== name;
  if (name === "thresholds" && (changed || !curveOf)) curve();
}
element.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...element.querySelectorAll("[role=tab]")], at = all.findIndex((one) => one.dataset.panel === current);
  const next = all[(at + step + all.length) % all.length];
  show(next.dataset.panel); next.focus(); event.preventDefault();
});
row.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const set = button.dataset;
  if (set.panel) show(set.panel);
  else if (set.line) goTo(Number(set.line));
  else if (set.kind === "try" || set.kind === "compare") start(set.kind, { choice: $(`wb-${set.kind}-choice`).value, count: Number($(`wb-${set.kind}-count`).value) || 12, ref: set.kind === "compare" ? $("wb-against").value : "" });
  else if (set.kind === "upload") upload();
  else if (set.kind === "stop") act("stop");
  else if (set.kind === "propose") { $("wb-proposal").innerHTML = ""; act("propose", { line: $("wb-why").value }); }
  else if (set.kind === "save") { button.disabled = true; act("save", { line: $("wb-why").value, token: set.token }); }
  else if (set.kind === "discard") { $("wb-proposal").innerHTML = ""; $("wb-why").focus(); }
});
row.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.id === "wb-why") { event.preventDefault(); act("propose", { line: event.target.value }); } });
row.addEventListener("input", (event) => { if (event.target.id === "wb-why") { const place = $("wb-proposal"); if (place.innerHTML) place.innerHTML = ""; } });

/* Opening another one */
ref.addEventListener("change", () => {
  if (clean === false) { const ask = $("wb-leave"); ask.returnValue = "stay"; ask.showModal(); } else act("open", { ref: ref.value });
});
$("wb-leave").addEventListener("close", (event) => { if (event.target.returnValue === "go") act("open", { ref: ref.value }); else ref.value = opened; });

/* Jobs */
function start(kind, data) { working = kind === "upload" ? "try" : kind; $(SLOTS[working]).innerHTML = ""; act(kind, data); }
function progress(job) {
  for (const one of element.querySelectorAll("[data-progress]")) {
    const on = job && one.dataset.progress === working;
    if (!on) { one.innerHTML = ""; continue; }
    if (!one.firstChild) one.innerHTML = '<div class="wb-progress"><progress max="1" aria-label="Images judged"></progress><span class="cj-small cj-muted"></span><button type="button" class="cj-btn cj-btn-quiet" data-kind="stop">Stop</button></div>';
    const bar = one.querySelector("progress"); bar.max = job.total;
    if (job.done) bar.value = job.done; else bar.removeAttribute("value");
    one.querySelector("span").textContent = job.done ? `${job.done} of ${job.total} images` : `${job.total} image${job.total === 1 ? "" : "s"}; the first also load the model`;
  }
  if (job) setTimeout(() => act("job"), 600);
}
const file = $("wb-file");
file.addEventListener("change", () => { $("wb-upload").disabled = !file.files[0]; });
async function upload() {
  const chosen = file.files[0];
  if (!chosen) return;
  if (chosen.size > MAX_BYTES) { toast("This file is larger than the server takes.", true); return; }
  const data = await new Promise((done, fail) => { const reader = new FileReader(); reader.onload = () => done(reader.result.split(",")[1]); reader.onerror = fail; reader.readAsDataURL(chosen); });
  start("upload", { name: chosen.name, data });
}

/* Thresholds: the server sends the whole curve, so the slider answers at once */
let points = [];
function curve() { curveOf = `${$("wb-knob").value} ${$("wb-rule").value}`; act("curve", { knob: $("wb-knob").value, rule: $("wb-rule").value }); }
for (const id of ["wb-knob", "wb-rule"]) $(id).addEventListener("change", curve);
function fillRules(rules) {
  const list = $("wb-rule"), chosen = list.value;
  list.replaceChildren(new Option("All rules", ""), ...rules.map((one) => new Option(one, one)));
  list.value = rules.includes(chosen) ? chosen : "";
}
function drawCurve() {
  const figure = $("wb-curve");
  if (!figure) return;
  points = JSON.parse(figure.dataset.points);
  const now = points[Number(figure.dataset.now)];
  $("wb-recorded").textContent = `recorded at ${points.filter((one) => one.recorded).map((one) => one.value).join(", ")}`;
  $("wb-slide").addEventListener("input", () => moveTo(Number($("wb-slide").value)));
  moveTo(points.indexOf(now));
}
const percent = (one) => one === null ? "–" : `${Math.round(one * 100)} %`;
function moveTo(place) {
  const point = points[place];
  $("wb-value").textContent = point.value; $("wb-slide").setAttribute("aria-valuetext", `${point.value}`);
  for (const name of ["precision", "recall", "review"]) {
    const [value, low, high] = point[name];
    $("wb-" + name).textContent = percent(value);
    $("wb-" + name + "-in").textContent = low === null ? "nothing to count" : `${percent(low)} to ${percent(high)}`;
  }
  $("wb-moved").textContent = point.moved;
  for (const end of ["x1", "x2"]) $("wb-marker").setAttribute(end, point.x);
  $("wb-yaml").textContent = `thresholds: {${$("wb-knob").value}: ${point.value}}`;
}

function say(words) { const place = $("wb-said"); if (place) place.textContent = words; }
function toast(words, bad) {
  const one = document.createElement("div");
  one.className = "cj-toast" + (bad ? " cj-toast-bad" : ""); one.textContent = words;
  $("wb-toasts").append(one);
  setTimeout(() => one.remove(), bad ? 9000 : 5000);
}
act("start");
