/* The team's page: sends what an admin did, and puts the reply's parts in their places. Everybody else
   is shown no such tab. */
const $ = (id) => element.querySelector("#" + id);
let serial = 0, waiting = null, timer = null, form = null;
function act(kind, data = {}) {
  if (waiting !== null) { toast("One moment: the change before is under way.", true); return; }
  $("tm-toasts").textContent = "";                 // what was wrong before is not wrong any more
  waiting = ++serial; $("tm-cards").setAttribute("aria-busy", "true");
  timer = setTimeout(() => { free(); toast("The server does not answer. Check the connection and try again.", true); }, 30000);
  trigger("act", { kind, serial: waiting, ...data });
}
function free() { clearTimeout(timer); waiting = null; $("tm-cards").removeAttribute("aria-busy"); }
watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;
  free();
  if (reply.allowed === false) $("tm-cards").innerHTML = '<div class="wb-empty"><p><b>This page is for admins.</b></p><p class="cj-muted">Ask one of them to change users or settings.</p></div>';
  const before = document.activeElement, focus = before && element.contains(before) ? before.getAttribute("aria-label") || before.name : null;
  for (const [name, html] of Object.entries(reply.slots || {})) {
    if (name === "settings" && form !== "settings" && Object.keys(chosen()).length) continue;   // what is typed there is not lost
    $("tm-" + name).innerHTML = html;
  }
  if (!reply.done && form === "role") act("start");  // the list shows what is, not what was wished for
  if (focus) [...element.querySelectorAll("[aria-label], [name]")].find((one) => (one.getAttribute("aria-label") || one.name) === focus)?.focus();
  form = null;
  for (const one of reply.toasts || []) toast(one.text, one.bad);
});
function chosen() {                                  // only what was changed here: a colleague may have saved the rest since
  const all = [...($("tm-chosen")?.elements || [])].filter((one) => one.name && (one.type === "checkbox" ? one.checked !== one.defaultChecked : one.value !== one.defaultValue));
  return Object.fromEntries(all.map((one) => [one.name, one.type === "checkbox" ? one.checked : one.value === "" ? null : Number(one.value)]));
}
element.addEventListener("submit", (event) => {
  if (event.target.method === "dialog") return;
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target));
  if (event.target.id === "tm-add") { form = "add"; act("add", fields); }
  else {
    form = "settings";
    act("settings", { chosen: chosen() });
  }
});
element.addEventListener("change", (event) => { const of = event.target.dataset.roleOf; if (of) { form = "role"; act("role", { name: of, role: event.target.value }); } });
let of = "";
element.addEventListener("click", (event) => {
  const set = event.target.closest("button")?.dataset;
  if (set?.remove) { of = set.remove; $("tm-remove-title").textContent = `Remove ${of}?`; $("tm-remove").returnValue = "stay"; $("tm-remove").showModal(); }
  if (set?.passwordOf) { of = set.passwordOf; $("tm-password-title").textContent = `A new password for ${of}`; $("tm-new-password").value = ""; $("tm-password").returnValue = "stay"; $("tm-password").showModal(); }
});
$("tm-password").querySelector("form").addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.id === "tm-new-password") { event.preventDefault(); $("tm-password").close("go"); } });
$("tm-remove").addEventListener("close", () => { if ($("tm-remove").returnValue === "go") act("remove", { name: of }); });
$("tm-password").addEventListener("close", () => { const typed = $("tm-new-password").value; $("tm-new-password").value = ""; if ($("tm-password").returnValue === "go") act("password", { name: of, password: typed }); });
function toast(words, bad) {
  const one = document.createElement("div");
  one.className = "cj-toast" + (bad ? " cj-toast-bad" : ""); one.textContent = words;
  const place = $("tm-toasts"); place.append(one); while (place.children.length > 2) place.firstChild.remove();
  setTimeout(() => one.remove(), bad ? 9000 : 5000);
}
act("start");
