/* What is typed and ticked but not recorded, and where one was about it: kept by person and item in this tab of the
   browser, over a reload, a restart of the server and a new sign-in, until it is recorded or signed out of. Whoever else
   signs in here finds none of it. */
const DRAFTS = "cj-drafts", MOST_DRAFTS = 50;
let whose = null;                                    // who is signed in, as the server said
let plain = "";                                      // the ticks as the item came
const drafts = () => { try { return JSON.parse(sessionStorage.getItem(DRAFTS)) || []; } catch { return []; } };
const isOf = (one, of) => one.item === of && one.who === whose;
const draftOf = (of) => drafts().find((one) => isOf(one, of));
function keepDraft(of, draft) {                      // the last ones
  const others = drafts().filter((one) => !isOf(one, of)), all = draft ? [...others, { who: whose, item: of, ...draft }] : others;
  try { sessionStorage.setItem(DRAFTS, JSON.stringify(all.slice(-MOST_DRAFTS))); } catch { /* a full disk loses no decision */ }
}
const FIELDS = { "cj-reason": "reason", "cj-note": "note", "cj-find": "find" };
function draft() {                                   // of the item in hand, as it stands
  if (item === null || !form()?.elements.reason || !element.isConnected) return;
  const at = asking() || FIELDS[document.activeElement?.id] || "", note = $("cj-note")?.value || "";
  words[asking()] = field().value;
  const changed = at || note || Object.values(words).some((one) => one.trim()) || ticked().join() !== plain || tickedHere().length;
  keepDraft(item, changed ? { words, rules: ticked(), here: tickedHere(), note, at } : null);
}
function redraft() {
  plain = ticked().join(); words = {};
  const kept = draftOf(item);
  if (!kept || !form()?.elements.reason) return;
  words = kept.words || {}; field().value = words[""] || "";
  if (kept.note && $("cj-note")) { $("cj-note").value = kept.note; element.querySelector(".cj-notes").open = true; }
  if (unknown()) for (const name of kept.rules) addRule(name);
  for (const box of element.querySelectorAll("#cj-decision input[name=rule]")) { box.checked = kept.rules.includes(box.value); if (kept.here?.includes(box.value)) box.dataset.here = "yes"; }
  foldRules();
}
function resume() {                                  // go on where one was: letters that are typed go where they went before
  const at = draftOf(item)?.at;
  if (at === "no_violation" || at === "escalate") ask(at);
  else if (at === "note") takeNote();
  else if (at === "reason") field().focus();
  else if (at === "find") findRule();
}
const mine = (node) => item !== null && (form()?.contains(node) || node.id === "cj-note");
for (const name of ["input", "change"]) element.addEventListener(name, (event) => { if (mine(event.target)) draft(); });
for (const name of ["focusin", "focusout"]) element.addEventListener(name, (event) => { if (mine(event.target)) { const of = item; setTimeout(() => { if (of === item && waiting === null) draft(); }); } });
