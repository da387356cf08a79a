/* The dashboard: asks for the numbers of a time range, for the items behind a bar, and for files. */
const $ = (id) => element.querySelector("#" + id), bar = element.querySelector(".db-bar"), days = $("db-days");
let serial = 0, waiting = null, timer = null;
const line = [];                                    // what is to be asked when the answer has come
function ask(data = {}) {
  if (waiting !== null) { if (data.form || data.chart || data.open || !line.some((one) => !Object.keys(one).length)) line.push(data); return; }
  waiting = ++serial;
  bar.setAttribute("aria-busy", "true");
  timer = setTimeout(() => { free(); complain("The server does not answer. Check the connection and try again."); }, 30000);
  trigger("act", { days: days.value, serial: waiting, ...data });
}
function complain(words) { const place = $("db-error"); place.hidden = !words; place.querySelector("b").textContent = words; }
function free() { clearTimeout(timer); waiting = null; bar.removeAttribute("aria-busy"); }
watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;
  free();
  complain(reply.error || "");
  if (reply.error && !$("db-charts").querySelector(".db-card")) $("db-charts").innerHTML = "";
  if (reply.file) keep(reply.file);
  if (reply.items !== undefined) { $("db-behind-list").innerHTML = reply.items; if (!$("db-behind").open) $("db-behind").showModal(); }
  if (reply.tiles !== undefined) {
    const open = new Set([...element.querySelectorAll(".db-table[open]")].map((one) => one.closest(".db-card").id));
    $("db-tiles").innerHTML = reply.tiles; $("db-charts").innerHTML = reply.charts;
    for (const id of open) element.querySelector(`#${id} .db-table`)?.setAttribute("open", "");
    $("db-said").textContent = `Counted: ${days.selectedOptions[0].text}.`;
  }
  const next = line.shift();
  if (next) ask(next);
});
function keep(file) {
  const bytes = Uint8Array.from(atob(file.data), (one) => one.charCodeAt(0)), link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes])); link.download = file.name; link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
element.addEventListener("click", (event) => {
  const button = event.target.closest("button"), set = button?.dataset;
  if (!button) return;
  if (set.form) ask({ form: set.form });
  else if (set.chart) ask({ chart: set.chart });
  else if (set.open) { $("db-behind-title").textContent = set.title; ask({ open: set.open, key: set.key }); }
  else if (set.item) { $("db-behind").close(); document.dispatchEvent(new CustomEvent("cj-open", { detail: Number(set.item) })); }
  else if ("again" in set || button.id === "db-again") ask();
});

/* The range stands in the address (ui/static/addresses.js): #/dashboard?days=7 */
const PLAIN = [...days.options].find((one) => one.defaultSelected).value;
function ranged() {                                  // whether the address names another range
  const found = /^#\/dashboard(?:\?days=([a-z0-9]+))?$/.exec(location.hash), wanted = found && (found[1] || PLAIN);
  if (!wanted || wanted === days.value || ![...days.options].some((one) => one.value === wanted)) return false;
  days.value = wanted;
  return true;
}
days.addEventListener("change", () => {
  document.dispatchEvent(new CustomEvent("cj-place", { detail: { tab: "dashboard", at: days.value === PLAIN ? "" : "?days=" + days.value } }));
  ask();
});
document.addEventListener("cj-go", function go(event) {
  if (!element.isConnected) document.removeEventListener("cj-go", go);
  else if (event.detail === "dashboard" && ranged()) ask();
});
ranged();
ask();
