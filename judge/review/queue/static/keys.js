/* Keys: each does what a button does, and every button says its key. */
const DEFAULTS = DEFAULT_KEYS;
let bound = DEFAULTS;                                // name of an action: its key, as this person has it
const ACTIONS = {
  agree, violation: () => decide("violation"), no_violation: () => decide("no_violation"), escalate: () => decide("escalate"), skip: () => decide("skip"),
  undo: () => act("undo"), reason: () => field()?.focus(), find: findRule, unfold: () => { unfolded = !unfolded; foldRules(); }, gold: () => $("cj-gold")?.click(),
  reveal: () => item !== null && want(!shown, false), boxes: toggleBoxes,
  zoom_in: () => zoomTo(view.zoom * 1.4), zoom_out: () => zoomTo(view.zoom / 1.4), whole_or_actual: wholeOrActual, turn, full: () => full(),
  grey: () => level("grey", !levels.grey), blur_less: () => blur(-1), blur_more: () => blur(1),
  next: () => neighbour(1), previous: () => neighbour(-1), keys: () => openDialog("cj-keys"), recent, note: takeNote, together, pause, case: makeCase,
  next_frame: () => showFrame(still + 1), previous_frame: () => showFrame(still - 1), next_range: () => stepRange(1), previous_range: () => stepRange(-1),
};
const REPEATED = new Set(["next", "previous", "next_frame", "previous_frame", "zoom_in", "zoom_out"]);  // what a held key does again and again
const ARROWS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
const named = (key) => key.length === 1 ? key.toUpperCase() : key;
function nameKeys() {
  for (const one of element.querySelectorAll("[data-key]")) one.textContent = named(bound[one.dataset.key]);
  for (const one of element.querySelectorAll(".cj-tool[data-do]")) one.title = `${one.getAttribute("aria-label")} (${named(bound[one.dataset.do])})`;
}
$("cj-keys-on").checked = localStorage.getItem("cj-keys") !== "off";
$("cj-keys-on").addEventListener("change", (event) => localStorage.setItem("cj-keys", event.target.checked ? "on" : "off"));
const typing = (node) => node.isContentEditable || /^(TEXTAREA|SELECT)$/.test(node.tagName) || node.tagName === "INPUT" && !/^(checkbox|radio|button)$/.test(node.type);
function actionOf(key) {
  const plain = key.toLowerCase(), found = Object.keys(bound).find((one) => bound[one] === plain);
  return found || (plain === "=" ? actionOf("+") : undefined);  // where + takes Shift
}
/* A key is meant for what is on the screen when it is pressed. Where an item comes that nobody asked for (the server is
   back, a lease ended) while somebody types, or in place of another one (`surely`), keys do nothing until they pause. So do
   letters after a key that would have opened a field, had it not come too early. What is dropped is told. */
const PAUSE = 1000, OPENS = new Set(["no_violation", "escalate", "reason", "note", "find"]);
let toldEarly = false, pressed = "";                 // the key before this one
function deafen(surely) {
  const now = Date.now();
  if (surely || now - (window.cjPressed || 0) < PAUSE) { window.cjDeaf = now + PAUSE; toldEarly = false; }
}
function hearAgain() { window.cjDeaf = 0; }          // who decides has seen what is on the screen
function tooEarly(key) {
  if (!toldEarly) toast(`Not done: ${named(key)} came too early for this item. Pause for a second, then press it again.`, true);
  toldEarly = true;
}
function deaf() { const now = Date.now(), on = now < (window.cjDeaf || 0); window.cjPressed = now; if (on) window.cjDeaf = now + PAUSE; return on; }
function down(event) {
  if (!element.isConnected) { document.removeEventListener("keydown", down); document.removeEventListener("keyup", up); return; }
  const early = deaf();
  if (!inSight() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (asking()) { panelKey(event); return; }         // while it is open there are no shortcuts
  if (event.key === "Escape") { if (typing(event.target)) { $("cj-work").focus({ preventScroll: true }); event.preventDefault(); } else if (desk.classList.contains("cj-filled")) full(false); return; }
  if (typing(event.target)) return;
  const action = actionOf(event.key), does = action || /^[0-9]$/.test(event.key), again = event.key === pressed;
  pressed = event.key;
  if (early && (event.key.length === 1 || event.key === "Enter")) { event.preventDefault(); if (does) tooEarly(event.key); return; }
  if (!$("cj-keys-on").checked && action !== "keys") return;
  if (desk.dataset.state === "break" && !["pause", "keys"].includes(action)) return;
  if (waiting !== null && (!quietly || after !== null)) { // pressed twice, or before the next item is there
    event.preventDefault();
    if (OPENS.has(action)) deafen(true);
    if (does && !again && !event.repeat) { toldEarly = false; tooEarly(event.key); }
    return;
  }
  if (event.key in ARROWS && view.zoom > 1) { pan(...ARROWS[event.key]); event.preventDefault(); return; }
  if (film() && /^Arrow(Left|Right)$/.test(event.key) && !event.target.closest?.("[role=tab]")) { showFrame(still + (event.key === "ArrowRight" ? 1 : -1)); event.preventDefault(); return; }
  if (/^[0-9]$/.test(event.key)) {
    const found = chips()[(Number(event.key) + 9) % 10];
    if (found) { boxOf(found).click(); event.preventDefault(); }
    return;
  }
  if (action === "peek" && item !== null) { if (!event.repeat) want(true, true); event.preventDefault(); return; }
  if (!action || event.repeat && !REPEATED.has(action)) return;
  event.preventDefault(); ACTIONS[action]?.();
}
function up(event) { if (peeking && actionOf(event.key) === "peek") letGo(); }
document.addEventListener("keydown", down);
document.addEventListener("keyup", up);
nameKeys();
