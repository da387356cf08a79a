/* Breaks: begun and ended by one key, and when one wants to be reminded of them. */
function pause() { if (desk.dataset.state === "break") act("back", { unanswered: unanswered() }); else act("break"); }
const REMIND = { break_minutes: "cj-remind-minutes", break_items: "cj-remind-items" };
function reminded(kept) { for (const [name, id] of Object.entries(REMIND)) { reminders[name] = kept[name]; if (document.activeElement !== $(id)) $(id).value = kept[name] ?? ""; } }
for (const [name, id] of Object.entries(REMIND)) $(id).addEventListener("change", (event) => {
  if (!event.target.reportValidity()) return;
  reminders[name] = event.target.value === "" ? null : Number(event.target.value);
  prefer();
});
