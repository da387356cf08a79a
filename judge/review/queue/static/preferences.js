/* What a person chose for themselves: keys, and how a revealed picture is shown. The server keeps it. */
const reminders = { break_minutes: null, break_items: null };
let asked = null, keeping = null;                    // an action that waits for its new key
function preferred(kept) {
  if (keeping !== null) return;                      // something was chosen since
  bound = { ...DEFAULTS, ...kept.keys };
  levels = { grey: kept.grey, blur: kept.blur };
  drawView(); nameKeys(); reminded(kept);
}
function prefer(keys = bound) {                      // soon, and once for many clicks
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    keeping = null;
    const own = Object.fromEntries(Object.entries(keys).filter(([action, key]) => DEFAULTS[action] !== key));
    if (!act("prefer", { preferences: { keys: own, ...levels, ...reminders } }, true)) prefer(keys);
  }, 250);
}
function askKey(action) {
  asked = action;
  for (const one of element.querySelectorAll("[data-rebind]")) one.classList.toggle("cj-asked", one.dataset.rebind === action);
  $("cj-keys-state").textContent = action ? "Press the new key, or Esc to leave it." : "";
}
function newKey(event) {                             // the next key pressed on the sheet
  if (asked === null || ["Shift", "Control", "Alt", "AltGraph", "Meta"].includes(event.key)) return;
  event.preventDefault(); event.stopPropagation();
  const action = asked;
  askKey(null);
  if (event.key !== "Escape") prefer({ ...bound, [action]: event.key.toLowerCase() });
}
$("cj-keys").addEventListener("keydown", newKey, true);
$("cj-keys").addEventListener("close", () => askKey(null));
$("cj-keys-reset").addEventListener("click", () => prefer(DEFAULTS));
