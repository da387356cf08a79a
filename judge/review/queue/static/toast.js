/* Lines that go away by themselves, but not while somebody is at them. `line`: of the log, a decision that the button
   takes back, with those made at once with it; `U` takes the last one back for as long as that is possible. `of`: a decided item,
   of which the other button makes a case. `until`: an item; what is said of it stays until it is decided or the line is dismissed. */
const STAY = { plain: 4000, bad: 9000, undo: 10000 };
function toast(text, bad, line, of, until) {
  const box = document.createElement("div"), said = document.createElement("span");
  box.className = "cj-toast" + (bad ? " cj-toast-bad" : ""); said.textContent = text; box.append(said);
  if (of) {
    const button = document.createElement("button");
    button.type = "button"; button.className = "cj-toast-do"; button.textContent = "Make a case"; button.dataset.case = of;
    button.addEventListener("click", () => setTimeout(() => button.remove()));
    box.append(button);
  }
  if (line) {
    const button = document.createElement("button");
    button.type = "button"; button.className = "cj-toast-do"; button.textContent = "Undo";
    button.dataset.kind = "undo"; button.dataset.line = line; button.dataset.whole = "";
    box.append(button);
  }
  if (until) {
    settledToast(until); box.dataset.until = until;
    const button = document.createElement("button");
    button.type = "button"; button.className = "cj-toast-do"; button.textContent = "Dismiss";
    button.addEventListener("click", () => setTimeout(gone));
    box.append(button);
  }
  const after = until ? null : line ? STAY.undo : bad ? STAY.bad : STAY.plain;
  let going = null;
  const wait = () => { clearTimeout(going); if (after !== null) going = setTimeout(gone, after); };
  wait();
  function gone() { if (box.contains(document.activeElement)) $("cj-work").focus({ preventScroll: true }); box.remove(); }
  for (const name of ["pointerenter", "focusin"]) box.addEventListener(name, () => clearTimeout(going));
  for (const name of ["pointerleave", "focusout"]) box.addEventListener(name, wait);
  $("cj-toasts").append(box);
  while ($("cj-toasts").children.length > 2) ($("cj-toasts").querySelector(".cj-toast:not([data-until])") || $("cj-toasts").firstElementChild).remove();
}
function settledToast(item) { for (const one of element.querySelectorAll(`.cj-toast[data-until="${item}"]`)) one.remove(); }
function untoast(line) { for (const one of element.querySelectorAll(`.cj-toast-do[data-line="${line}"]`)) one.closest(".cj-toast").remove(); }
