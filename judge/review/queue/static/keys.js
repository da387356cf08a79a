/* Keys: each does what a button does. */
$("cj-keys-on").checked = localStorage.getItem("cj-keys") !== "off";
const typing = (node) => node.isContentEditable || /^(TEXTAREA|SELECT)$/.test(node.tagName) || node.tagName === "INPUT" && !/^(checkbox|radio|button)$/.test(node.type);
const KEYS = {
  v: () => decide("violation"), n: () => decide("no_violation"), e: () => decide("escalate"), s: () => decide("skip"),
  u: () => act("undo"), r: () => item !== null && want(!shown, false), b: toggleBoxes, j: () => neighbour(1), k: () => neighbour(-1),
  i: () => form()?.elements.reason?.focus(), g: () => $("cj-gold")?.click(), "?": () => openDialog("cj-keys"),
};
function down(event) {
  if (!element.isConnected) { document.removeEventListener("keydown", down); document.removeEventListener("keyup", up); return; }
  if (desk.offsetParent === null || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (asking()) { panelKey(event); return; }         // while it is open there are no shortcuts
  if (event.key === "Escape" && typing(event.target)) { $("cj-work").focus({ preventScroll: true }); event.preventDefault(); return; }
  if (typing(event.target)) return;
  if (!$("cj-keys-on").checked && event.key !== "?") return;
  if (waiting !== null && !quietly) { event.preventDefault(); return; }  // a key is meant for what is on the screen when it comes
  const key = event.key.toLowerCase();
  if (/^[0-9]$/.test(key)) {
    const found = element.querySelectorAll("#cj-decision input[name=rule]")[(Number(key) + 9) % 10];
    if (found) { found.click(); event.preventDefault(); }
    return;
  }
  if (key === "p" && item !== null) { if (!event.repeat) want(true, true); event.preventDefault(); return; }
  if (event.repeat && key !== "j" && key !== "k") return;
  if (key in KEYS) { event.preventDefault(); KEYS[key](); }
}
function up(event) { if (event.key.toLowerCase() === "p" && peeking) letGo(); }
document.addEventListener("keydown", down);
document.addEventListener("keyup", up);
$("cj-keys-on").addEventListener("change", (event) => localStorage.setItem("cj-keys", event.target.checked ? "on" : "off"));
