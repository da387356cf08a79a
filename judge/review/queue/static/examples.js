/* Examples beside the item: asked for when an item has come, by an event of their own, so that nobody waits for them. */
let serial = 0, waiting = null, later = null, shown = null;
const place = () => document.getElementById("cj-examples");
function ask(wish) {
  if (waiting !== null) { later = wish; return; }
  waiting = ++serial;
  trigger("act", { serial: waiting, ...wish });
}
watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;
  waiting = null;
  if (later !== null) { const wish = later; later = null; ask(wish); return; }
  if (!place() || shown === null) return;
  const had = place().contains(document.activeElement) ? document.activeElement.id : "";
  place().innerHTML = reply.html;
  if (had) document.getElementById(had)?.focus({ preventScroll: true });
});
function hear(target, name, heard) { target.addEventListener(name, function listen(event) { if (element.isConnected) heard(event); else target.removeEventListener(name, listen); }); }
hear(document, "cj-item", (event) => {
  shown = event.detail;
  if (place()) place().innerHTML = "";
  if (shown === null) later = null; else ask({ item: shown });
});
hear(document, "change", (event) => { if (event.target.id === "cj-examples-rule") ask({ item: shown, rule: event.target.value }); });
hear(document, "click", (event) => {
  const button = event.target.closest?.("#cj-examples-show");
  if (button) ask({ item: shown, rule: document.getElementById("cj-examples-rule").value, reveal: button.getAttribute("aria-pressed") !== "true" });
});
