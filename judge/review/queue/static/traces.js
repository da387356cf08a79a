/* Notes about the item in hand, and the last decisions: open, undo, open again. */
function recent() { openDialog("cj-recent"); act("recent", {}, true); }
function makeCase() {                                // of the item in hand, else of the last one decided
  const last = [...element.querySelectorAll(".cj-toast [data-case]")].at(-1);
  if (element.querySelector(".cj-history [data-do=case]")) act("case"); else if (last) last.click();
  else complain("Only what is decided makes a case, by whoever may edit constitutions: open a decided item.");
}
function takeNote() { const box = element.querySelector(".cj-notes"); if (box) { box.open = true; $("cj-note").focus(); } }
element.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id === "cj-note-form") {
    event.preventDefault();
    const text = form.elements.note.value.trim();
    if (text && act("note", { reason: text })) $("cj-work").focus({ preventScroll: true });
  } else if (form.classList.contains("cj-again")) {
    event.preventDefault();
    act("reopen", { open: Number(form.dataset.of), reason: form.elements.why.value });
  }
});
$("cj-recent").addEventListener("click", (event) => {
  const button = event.target.closest("button"), set = button?.dataset || {};
  if (set.show || set.line || set.case) $("cj-recent").close();  // a line is taken back where lines are (desk.js)
  if (set.show) act("take", { open: Number(set.show) });
  if (set.again) {
    const form = button.nextElementSibling;
    form.hidden = !form.hidden; button.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) form.querySelector("input").focus();
  }
});
