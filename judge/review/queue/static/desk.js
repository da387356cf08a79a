/* The desk in the browser: sends what a person does as one event, `act`, and puts the reply's parts in their places.
   Nothing is decided here. `element`, `trigger`, `watch` and `props` are Gradio's. */
const $ = (id) => element.querySelector("#" + id);
const desk = $("cj-desk"), live = $("cj-live"), slots = {
  stage: "cj-stage", verdict: "cj-verdict", rules: "cj-rules", decision: "cj-decision-slot", list: "cj-list",
  counts: "cj-counts", banner: "cj-banner", filters: "cj-filter-slot", notes: "cj-notes", queues: "cj-queues", near: "cj-near-slot", recent: "cj-recent-list", film: "cj-film", told: "cj-told",
};
const inSight = () => desk.getClientRects().length > 0;  // not on another tab
const EMPTY = { verdict: "", rule: "", source: "", state: "waiting", constitution: "", severity: "", language: "", order: "oldest", min_score: "", max_score: "" };
let item = null, filters = { ...EMPTY }, offset = 0, serial = 0, waiting = null, shown = false, peeking = false, wanted = null, timer = null, quietly = false, after = null, restarted = false;

const KEPT = { filter: true, recent: true };          // is asked for as soon as may be, whatever is on its way
function later(kind, data, of) {                     // the last wish counts, but nothing takes the place of a decision
  if (after?.[0] === "decide") return false;
  after = [kind, data, of];
  return true;
}
function act(kind, data = {}, quiet = false) {
  if (waiting !== null) {                           // one thing at a time: what is on its way decides what comes next
    if (!(kind in KEPT) && (quiet || !quietly)) return false;  // but nobody waits for what they did not ask for
    if (!quiet) desk.setAttribute("aria-busy", "true");
    return later(kind, data, kind === "recent" ? null : item);
  }
  waiting = ++serial; quietly = quiet; doing = kind;
  if (!quiet) desk.setAttribute("aria-busy", "true");
  clearTimeout(timer);
  timer = setTimeout(() => { waiting = after = null; desk.removeAttribute("aria-busy"); toast("The server does not answer. Check the connection and try again.", true); }, 20000);
  if (kind === "decide") keepUnanswered({ item, head, action: data.action, rules: data.rules });
  trigger("act", { kind, serial: waiting, item, filters, offset, head, whose, ...data });
  return true;
}

watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;             // an answer that came too late
  clearTimeout(timer); waiting = null; desk.removeAttribute("aria-busy");
  if (desk.dataset.state === "loading" && !reply.state && !restarted) { restarted = true; filters = { ...EMPTY }; act("start"); for (const one of reply.toasts || []) toast(one.text, one.bad, null, null, one.until); return; }  // an address that cannot be followed
  if (doing === "decide") keepUnanswered(null);
  if (reply.whose && reply.whose !== whose) {  // somebody else signed in meanwhile
    if (whose !== null) { item = null; $("cj-toasts").replaceChildren(); document.dispatchEvent(new CustomEvent("cj-person")); }
    whose = reply.whose;
  }
  if ((doing === "start" || doing === "back") && reply.state !== "break") keepUnanswered(null);  // a break keeps it until its end
  const moved = "item" in reply && reply.item !== item, before = item;
  for (const [name, html] of Object.entries(reply.slots || {})) { const slot = $(slots[name]); if (slot) slot.innerHTML = html; }
  if ("item" in reply) item = reply.item;
  if ("head" in reply) head = reply.head;
  if ("offset" in reply) offset = reply.offset;
  if ("filters" in reply && after === null) filters = reply.filters; else if (reply.slots?.filters) setFilters(filters);  // chosen since
  if ("person" in reply) { const who = document.getElementById("cj-person"); if (who) who.innerHTML = reply.person; }
  if ("original" in reply) setShown(reply.original);
  if (moved || shown === wanted || doing === "reveal" && !("original" in reply)) wanted = null;     // a wish is for one image: the next one stays shielded
  if (reply.state) desk.dataset.state = reply.state;
  $("cj-stage-tools").hidden = desk.dataset.state !== "item" || reply.state === "item" && !reply.has_image && "has_image" in reply;
  if (moved) { unfolded = false; $("cj-examples").innerHTML = ""; }
  if (reply.decided) { keepDraft(reply.decided, null); settledToast(reply.decided); }
  if (moved && (quietly || doing === "start")) deafen(doing === "start" && expected !== null && expected !== item);
  if (reply.slots?.decision) redraft();
  if ((moved || !quietly) && after === null) placed();
  nameQueue();
  nameKeys(); foldRules();
  if (moved) { resetView(); newFilm(); } else if (reply.slots?.stage) { drawView(); drawFilm(); }  // they measure, so after all that is put in place
  if (reply.preferences) preferred(reply.preferences);
  beside(moved, "near" in (reply.slots || {}) && Boolean(reply.slots.near));
  if (reply.announce) live.textContent = reply.announce;
  if (reply.undone) untoast(reply.undone);
  for (const one of reply.toasts || []) toast(one.text, one.bad, one.line, one.case, one.until);
  if (moved) { element.querySelector(".cj-left").scrollTop = 0; window.scrollTo({ top: 0, behavior: "instant" }); if (!document.querySelector("dialog[open]") && !$("cj-rail").contains(document.activeElement)) $("cj-work").focus({ preventScroll: true }); }
  if (moved && doing === "start") resume();
  if (after !== null) { const [kind, data, of] = after; after = null; if (kind === "filter" || of === null || of === "go" || of === item) { act(kind, data); if (of === "go") doing = of; return; } }
  if (wanted !== null && shown !== wanted) act(wanted ? "reveal" : "hide");
});

function beside(moved, near) {                       // what is asked for by events of its own, once the item is on the screen
  const of = item;
  if (moved || near) setTimeout(() => {
    if (of !== item) return;
    if (moved) document.dispatchEvent(new CustomEvent("cj-item", { detail: of }));
    if (near) document.dispatchEvent(new CustomEvent("cj-near", { detail: of }));
  });
}

/* Clicks */
element.addEventListener("click", (event) => {
  const button = event.target.closest("button, [data-quick]");
  if (!button || !element.contains(button)) return;
  const set = button.dataset;
  if (set.act) decide(set.act);
  else if (set.quick && asking()) answer(set.quick);
  else if (set.panel === "cancel") unask();
  else if (set.panel === "unpick") unpick();
  else if (set.open) act("take", { open: Number(set.open) });
  else if (set.frame) showFrame(Number(set.frame));
  else if (set.page) act("page", { offset: Number(set.page) });
  else if (set.dialog) openDialog(set.dialog);
  else if (set.toggle === "rail") { const on = desk.classList.toggle("cj-rail-open"); button.setAttribute("aria-expanded", String(on)); }
  else if (set.rebind) askKey(set.rebind);
  else if (set.do) ACTIONS[set.do]();
  else if (set.kind === "clear") clearFilters();
  else if (set.case) act("case", { open: Number(set.case) });
  else if (set.line) act("undo", { line: Number(set.line), whole: "whole" in set });
  else if (set.kind) act(set.kind);
});
function openDialog(id) { const box = $(id); if (box && !box.open) box.showModal(); }
