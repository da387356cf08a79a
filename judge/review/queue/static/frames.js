/* The frames of a clip: asked for when it has come, by an event of their own, so that nobody waits for them. */
let serial = 0, waiting = null, later = null;
const timeline = () => document.querySelector("#cj-film .cj-film");
function ask(item) {
  if (waiting !== null) { later = item; return; }
  waiting = ++serial;
  trigger("act", { serial: waiting, item });
}
watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;
  waiting = null;
  if (later !== null) { const item = later; later = null; ask(item); return; }
  if (reply.item === null || !timeline()) return;
  document.dispatchEvent(new CustomEvent("cj-frames", { detail: reply }));
});
document.addEventListener("cj-item", function listen(event) {
  if (!element.isConnected) { document.removeEventListener("cj-item", listen); return; }
  if (event.detail !== null && timeline()) ask(event.detail); else later = null;
});
