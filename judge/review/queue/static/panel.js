/* The panel that asks why: a field, and reasons to choose from. While it is open every letter is text, and only Enter
   in the field, or a click, records. What was typed is kept for that action when the panel closes, and is no other's. */
const panel = () => $("cj-panel"), field = () => form()?.elements.reason;
const asking = () => panel()?.dataset.action || "";
const options = () => [...element.querySelectorAll("#cj-panel [data-for]:not([hidden]) [role=option]")];
let words = {};                                      // typed and not recorded, for each action; "": without the panel
function swapWords(action) {                         // a reason is for what it was typed about, and nothing else
  words[asking()] = field().value;
  if (action) panel().dataset.action = action; else delete panel().dataset.action;
  field().value = words[action] || words[""] || "";
}
function ask(action) {
  const box = panel(), list = $("cj-quick-" + action);
  swapWords(action);
  for (const one of box.querySelectorAll("[data-for]")) one.hidden = one !== list;
  for (const one of [$("cj-panel-title"), $("cj-panel-hint"), box.querySelector(".cj-panel-end")]) one.hidden = false;
  $("cj-panel-title").textContent = action === "escalate" ? "Escalate: why?" : "No violation: why?";
  box.setAttribute("aria-label", $("cj-panel-title").textContent);
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "true"], ["aria-controls", list.id], ["aria-autocomplete", "list"], ["aria-describedby", "cj-panel-hint"]]) field().setAttribute(name, value);
  pick(null); typed();
  if (narrow()) { box.focus({ preventScroll: true }); keepPicture(); } else { field().focus(); box.scrollIntoView({ block: "nearest" }); }
}
const narrow = () => matchMedia("(max-width: 860px)").matches;  // where panels are sheets, and a keyboard would hide half of them
function keepPicture() { const box = $("cj-stage").getBoundingClientRect(); if (box.top < 0 || box.bottom > innerHeight / 2) window.scrollBy({ top: box.top - 8, behavior: "instant" }); }
window.visualViewport?.addEventListener("resize", () => desk.style.setProperty("--covered", Math.max(0, innerHeight - visualViewport.height - visualViewport.offsetTop) + "px"));
function unask() {
  const box = panel();
  if (!asking()) return false;
  swapWords("");
  for (const one of [...box.querySelectorAll("[data-for]"), $("cj-panel-title"), $("cj-panel-hint"), box.querySelector(".cj-panel-end")]) one.hidden = true;
  box.setAttribute("aria-label", "Reason");
  for (const name of ["role", "aria-expanded", "aria-controls", "aria-autocomplete", "aria-activedescendant", "aria-describedby"]) field().removeAttribute(name);
  complain("");
  $("cj-work").focus({ preventScroll: true });
  return true;
}
function pick(option) {                            // what Enter will record, instead of what is typed
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  if (option) { field().setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); } else field().removeAttribute("aria-activedescendant");
}
const choice = () => options().find((one) => one.getAttribute("aria-selected") === "true");
function typed() {                                   // a digit alone stands for the reason with that number
  const text = reason();
  pick(/^[1-9]$/.test(text) ? options()[Number(text) - 1] || null : null);
}
function answer(why) {
  if (why === "") { complain("Say why first: type a reason, or choose one."); field().focus(); return; }
  record(asking(), why);
}
element.addEventListener("input", (event) => { if (event.target === field() && asking()) typed(); });
element.addEventListener("submit", (event) => {
  if (event.target.method === "dialog") return;
  event.preventDefault();
  if (event.target !== form()) return;
  if (asking()) answer(choice()?.dataset.quick || reason()); else $("cj-work").focus({ preventScroll: true });
});
function panelKey(event) {                           // keys while the panel is open, wherever the focus is
  if (event.key === "Escape") { unask(); event.preventDefault(); return; }
  const all = options(), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && event.target === field()) {
    const at = all.indexOf(choice()) + step;
    pick(all[at < -1 ? all.length - 1 : at] || null);
    event.preventDefault();
  } else if (event.key.length === 1 && event.key !== " " && !typing(event.target)) field().focus();  // the letter goes into it
}
