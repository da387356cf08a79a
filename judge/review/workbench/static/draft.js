/* The draft in the browser: which constitution is open, whether there are edits that are not saved, and both kept in
   this browser for the person who made them, so that a reload or a restart of either side brings them back. */
let opened = "", base = "", text = "", whose = null, restored = "", keptAt = null;
const dirty = () => opened !== "" && text !== base;
const plain = (words) => (words || "").replace(/\r\n?/g, "\n").trim();  // as the editor gets it
const drawer = () => `cj-draft ${whose}`;

document.addEventListener("wb-text", (event) => {  // sent by the editor's own change event, with the whole text
  const now = plain(event.detail);
  if (now === text) return;
  text = now;
  clearTimeout(keptAt); keptAt = setTimeout(keep, 300);
  showDirty();
});

function nowOpen(reply) {
  const first = whose === null, before = text;
  opened = reply.opened; base = plain(reply.base); text = plain(reply.draft ?? reply.base);
  asked = "";                                        // what a panel said was of another one
  if (reply.whose !== undefined) whose = reply.whose;
  const mine = first ? kept() : null;
  if (mine && (mine.text !== null || mine.ref !== opened && !heading)) {  // what was open, or being written, when the page went away
    restored = mine.text !== null ? new Date(mine.at).toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) : "";
    line.unshift(["open", { ref: mine.ref, ...(mine.text !== null ? { draft: mine.text } : {}) }]);
    return;
  }
  if (!reply.draft) restored = "";
  keep(); showDirty();
  if (text === before) show(current);                // no check comes of a text that is the same
  const other = heading !== opened ? heading : "";
  heading = "";
  place(arriving || following); arriving = following = false;
  if (other && dirty()) question("open", other);     // a shared address asks before edits are lost, too
}

function kept() {
  for (const store of [sessionStorage, localStorage]) {   // this tab's own before what another tab wrote last
    try { const found = JSON.parse(store.getItem(drawer())); if (found && typeof found.ref === "string") return found; } catch { /* none, or not ours */ }
  }
  return null;
}
function keep() {
  clearTimeout(keptAt);
  if (whose === null) return;
  const whole = JSON.stringify({ ref: opened, text: dirty() ? text : null, at: Date.now() });
  let well = true;
  for (const store of [sessionStorage, localStorage]) try { store.setItem(drawer(), whole); } catch { store.removeItem(drawer()); well = false; }
  $("wb-unsaved").classList.toggle("wb-unkept", !well);
}
function showDirty() {
  const on = dirty(), place = $("wb-unsaved");
  if (!on) restored = "";
  if (place.hidden === on) say(on ? "There are edits that are not saved." : "No edits that are not saved.");
  place.hidden = !on;
  place.querySelector("[data-restored]").textContent = restored ? `brought back from ${restored}` : "";
}
addEventListener("pagehide", keep);
addEventListener("beforeunload", (event) => { if (dirty()) { keep(); event.preventDefault(); } });

/* Opening another one, or the same without the edits */
const ask = $("wb-leave"), QUESTIONS = {
  open: ["Open another constitution?", "Open and lose edits"],
  discard: ["Discard the edits?", "Discard edits"],
};
let leaving = "";                                    // for which one
function question(kind, to = ref.value) {
  leaving = to;
  [$("wb-leave-title").textContent, ask.querySelector("[value=go]").textContent] = QUESTIONS[kind];
  ask.returnValue = "stay"; ask.showModal();
}
ref.addEventListener("change", () => { if (dirty()) question("open"); else act("open", { ref: ref.value }); });
$("wb-discard").addEventListener("click", () => question("discard"));
ask.addEventListener("close", () => {
  if (ask.returnValue === "go") { act("open", { ref: leaving }); return; }
  ref.value = opened; following = false; place(true);
});
