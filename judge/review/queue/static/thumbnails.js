/* Pictures of the strip, asked for where there is one, by an event of their own, so that nobody waits for them. */
let serial = 0, waiting = null, later = null;
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
  for (const [item, source] of Object.entries(reply.thumbnails)) {
    const place = document.querySelector(`#cj-near-slot [data-thumb="${item}"]`);
    if (place) { place.src = source; place.alt = "shielded"; }
  }
  if (later !== null) { const item = later; later = null; ask(item); }
});
document.addEventListener("cj-near", function listen(event) { if (element.isConnected) ask(event.detail); else document.removeEventListener("cj-near", listen); });
