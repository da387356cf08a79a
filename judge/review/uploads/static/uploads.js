/* Uploads in the browser: sends a file, and shows how far each is until it is done or cancelled. The item in hand is
   left as it is. `element`, `trigger`, `watch` and `props` are Gradio's. */
const $ = (id) => element.querySelector("#" + id);
const tray = $("up-tray"), list = $("up-list"), live = $("up-live"), dialog = $("cj-upload");
const LOOK = 700, PATIENCE = 120000, OPEN = new Set(["waiting", "loading", "judging"]);
let serial = 0, waiting = null, timer = null, looking = null, known = new Map();
const queue = [];                                    // one event at a time, none is lost

function act(kind, data = {}) {
  if (kind === "look" && (waiting !== null || queue.length)) return;
  queue.push([kind, data]); next();
}
function next() {
  if (waiting !== null || !queue.length) return;
  const [kind, data] = queue.shift();
  waiting = ++serial;
  timer = setTimeout(() => { waiting = null; if (sending) refused("The server does not answer. Check the connection and try again."); watchOn(); next(); }, PATIENCE);
  trigger("act", { kind, serial: waiting, ...data });
}

watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;
  clearTimeout(timer); waiting = null;
  if ("constitutions" in reply) { const at = $("cj-constitution"), chosen = at.value; at.innerHTML = reply.constitutions; if (chosen) at.value = chosen; }
  if ("fields" in reply) fields(reply.fields);
  if (reply.taken) taken(reply.taken);
  if (reply.error) refused(reply.error);
  if (reply.uploads) show(reply.uploads);
  next();
});

let pressed = false, later = null;                   // a button that is made anew between press and release gets no click
list.addEventListener("pointerdown", () => { pressed = true; });
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, released);
function released() {
  if (!element.isConnected) { removeEventListener("pointerup", released); removeEventListener("pointercancel", released); return; }
  pressed = false;
  setTimeout(() => { const told = later; later = null; if (told) show(told); });  // after the click
}

function show(uploads) {
  if (pressed) { later = uploads; return; }
  const ids = new Set(uploads.map((one) => one.id));
  for (const [id, one] of known) if (!ids.has(id)) {
    const lost = OPEN.has(one.state) && !one.forgotten;
    known.delete(id);
    if (lost) { one.text.textContent = "The server was started anew before this was judged. Give it again."; say(one.text.textContent); }
    else one.row.remove();
  }
  for (const told of uploads) {
    let one = known.get(told.id);
    if (!one) { one = { row: document.createElement("li") }; known.set(told.id, one); list.append(one.row); }
    if (one.forgotten) continue;
    if (one.state !== told.state) {
      const held = one.row.contains(document.activeElement), before = one.state;
      one.row.className = "up-one up-" + told.state; one.row.innerHTML = told.html; one.state = told.state;
      one.text = one.row.querySelector(".up-text"); one.bar = one.row.querySelector("progress");
      if (held) one.row.querySelector("button").focus();
      if (!OPEN.has(told.state) && before) { say(`${one.row.querySelector("b").textContent}: ${told.text}`); document.dispatchEvent(new CustomEvent("cj-queue-grew")); }
    }
    if (one.text.textContent !== told.text) one.text.textContent = told.text;
    if (one.bar) { if (told.share) one.bar.value = told.share; else one.bar.removeAttribute("value"); }
  }
  sumUp();
  watchOn();
}
function sumUp() {                                   // what is seen of it when it is folded, as on a phone
  const states = [...known.values()].filter((one) => !one.forgotten).map((one) => one.state), count = (of) => states.filter(of).length;
  const said = [[count((one) => OPEN.has(one)), "being judged"], [count((one) => one === "done"), "judged"], [count((one) => one === "failed"), "failed"]];
  tray.hidden = !list.children.length; fold();
  $("up-sum").textContent = "Uploads: " + said.filter(([many]) => many).map(([many, what]) => `${many} ${what}`).join(", ");
}
function watchOn() {                                 // ask again while there is something to come
  clearTimeout(looking);
  if ([...known.values()].some((one) => OPEN.has(one.state))) looking = setTimeout(() => { act("look"); watchOn(); }, document.visibilityState === "visible" ? LOOK : 5 * LOOK);
}
function say(text) { live.textContent = text; }

element.addEventListener("click", (event) => {
  const set = event.target.closest("button")?.dataset || {};
  if (set.show) {
    document.dispatchEvent(new CustomEvent("cj-open", { detail: Number(set.show) }));
    forget(set.of);
  } else if (set.forget) forget(set.forget);
});
function forget(id) {
  const row = list.querySelector(`[data-forget="${id}"]`)?.closest("li"), one = known.get(id);
  const held = row && row.contains(document.activeElement);
  row?.remove();
  if (one) { if (OPEN.has(one.state)) say(`${row.querySelector("b").textContent}: cancelled. Nothing of it is kept.`); one.forgotten = true; act("forget", { id }); }
  sumUp();
  if (held) (list.querySelector("button") || document.getElementById("cj-work"))?.focus({ preventScroll: true });
}

/* The dialog: a file is read here and sent with the event, so that the server never has it in a folder of temporary files */
const file = $("cj-file"), go = $("cj-upload-go"), drop = $("cj-drop"), first = $("cj-file-name").textContent;
const beside = $("up-told"), policy = $("cj-constitution");
let chosen = null, sending = null;                   // sending: the file on its way, until the server has it
document.addEventListener("click", function opened(event) {
  if (!element.isConnected) { document.removeEventListener("click", opened); return; }
  if (event.target.closest('[data-dialog="cj-upload"]') && !dialog.open) {
    file.value = ""; choose(null); for (const one of beside.querySelectorAll("textarea")) one.value = ""; dialog.showModal();
    act("warm", { constitution: policy.value });
  }
});
function choose(one) {
  chosen = one || null; go.disabled = chosen === null;
  $("cj-file-name").textContent = chosen ? chosen.name : first;
  const why = chosen && Object.entries(JSON.parse(file.dataset.refused)).find(([kind]) => chosen.type.startsWith(kind));  // said before 30 MiB are sent
  if (why) { go.disabled = true; state(why[1], true); } else if (chosen && chosen.size > MAX_BYTES) { go.disabled = true; state("This file is larger than the server takes.", true); }
  else { const long = tooLong(); if (long) go.disabled = true; state(long, Boolean(long)); }
}
/* What came with the file: a field for each that the constitution declares; what was typed stays where another one has it, too */
function fields(html) {
  const typed = new Map([...beside.querySelectorAll("textarea")].map((one) => [one.dataset.field, one.value]));
  const held = beside.contains(document.activeElement) && document.activeElement.dataset.field;
  beside.innerHTML = html;
  for (const one of beside.querySelectorAll("textarea")) { one.value = typed.get(one.dataset.field) || ""; if (one.dataset.field === held) one.focus(); }
  choose(chosen);
}
function tooLong() {                                 // nothing is cut: it is told before anything is sent
  const one = [...beside.querySelectorAll("textarea")].find((each) => [...each.value].length > Number(each.dataset.most));
  return one ? `${one.dataset.field} has ${[...one.value].length} characters, and at most ${one.dataset.most} are read.` : "";
}
beside.addEventListener("input", () => choose(chosen));
policy.addEventListener("change", () => act("warm", { constitution: policy.value }));
function state(text, bad, busy) { const place = $("cj-upload-state"); place.textContent = text; place.className = "cj-small" + (bad ? " cj-inline-error" : ""); if (busy) place.prepend(Object.assign(document.createElement("span"), { className: "cj-spinner" })); }
file.addEventListener("change", () => choose(file.files[0]));
for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.toggle("cj-over", name === "dragover"); if (name === "drop") choose(event.dataTransfer.files[0]); });
go.addEventListener("click", async () => {
  if (!chosen) return;
  const mine = sending = { name: chosen.name, dropped: false };
  go.disabled = true; state("Sending.", false, true);
  const data = await new Promise((done) => { const reader = new FileReader(); reader.onload = () => done(reader.result.split(",")[1] || ""); reader.onerror = () => done(null); reader.readAsDataURL(chosen); });
  if (mine.dropped) return;
  if (data === null) { refused("The file cannot be read. Choose it again."); return; }
  const context = Object.fromEntries([...beside.querySelectorAll("textarea")].filter((one) => one.value).map((one) => [one.dataset.field, one.value]));
  act("put", { name: mine.name, data, constitution: policy.value, context });
});
dialog.addEventListener("close", () => { if (sending) { sending.dropped = true; } });
function taken(id) {
  const dropped = sending === null || sending.dropped;
  sending = null;
  if (dropped) act("forget", { id });                // cancelled while it was on its way
  else dialog.close();
}
function refused(text) {
  if (sending && !sending.dropped) { state(text, true); go.disabled = false; } else say(text);
  sending = null;
}
/* Unfolded where it has a place of its own: beside the list of the queue, on a wide screen. It goes by the tab that is
   selected, not by clicks: the tabs come after this, and an address opens one of them at a time of its own. */
const wide = matchMedia("(min-width: 1181px)");
let standing = null;
function fold() {
  const tab = document.querySelector('.tab-container [role=tab][aria-selected="true"]')?.id;
  if (tab !== standing) { standing = tab; $("up-fold").open = wide.matches && tab === "cj-tab-queue-button"; }
}
const turned = new MutationObserver(() => element.isConnected ? fold() : turned.disconnect());
turned.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["aria-selected"] });
document.addEventListener("cj-person", function other() {  // somebody else signed in: what was told is not theirs
  if (!element.isConnected) { document.removeEventListener("cj-person", other); return; }
  known.clear(); list.replaceChildren(); live.textContent = ""; sumUp(); act("look");
});
act("look");
