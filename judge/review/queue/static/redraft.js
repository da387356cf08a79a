/* What is typed and ticked but not recorded: kept by item in this tab of the browser, over a reload, a restart of the
   server and a new sign-in, until it is recorded or signed out of. */
const DRAFTS = "cj-drafts", MOST_DRAFTS = 50;
let plain = "";                                      // the ticks as the item came
const drafts = () => { try { return JSON.parse(sessionStorage.getItem(DRAFTS)) || []; } catch { return []; } };
function keepDraft(of, draft) {                      // the last ones
  const others = drafts().filter((one) => one.item !== of), all = draft ? [...others, { item: of, ...draft }] : others;
  try { sessionStorage.setItem(DRAFTS, JSON.stringify(all.slice(-MOST_DRAFTS))); } catch { /* a full disk loses no decision */ }
}
function redraft() {
  plain = ticked().join();
  const kept = drafts().find((one) => one.item === item);
  if (!kept || !form()?.elements.reason) return;
  form().elements.reason.value = kept.reason;
  if (unknown()) for (const name of kept.rules) addRule(name);
  for (const box of element.querySelectorAll("#cj-decision input[name=rule]")) box.checked = kept.rules.includes(box.value);
  foldRules();
}
for (const name of ["input", "change"]) element.addEventListener(name, (event) => {
  if (item === null || !form()?.contains(event.target) || !form().elements.reason) return;
  const changed = reason() || ticked().join() !== plain;
  keepDraft(item, changed ? { reason: form().elements.reason.value, rules: ticked() } : null);
});
