/* What comes beside an item: asked for by an event of its own, so that nobody waits for it. Of what is asked for while an
   answer is awaited the last is asked. */
let serial = 0, waiting = null, later = null;
function ask(wish) {
  if (waiting !== null) { later = wish; return; }
  waiting = ++serial;
  trigger("act", { serial: waiting, ...wish });
}
function answered(use) {
  watch("value", () => {
    let reply;
    try { reply = JSON.parse(props.value); } catch { return; }
    if (reply.serial !== waiting) return;
    waiting = null;
    if (later !== null) { const wish = later; later = null; ask(wish); return; }
    use(reply);
  });
}
function hear(name, heard) { document.addEventListener(name, function listen(event) { if (element.isConnected) heard(event); else document.removeEventListener(name, listen); }); }
