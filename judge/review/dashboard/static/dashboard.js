/* The dashboard in the browser: asks for the numbers of a time range. Plots are Gradio's. */
const bar = element.querySelector(".db-bar"), days = element.querySelector("#db-days");
let form = null, serial = 0, waiting = null, again = false, timer = null;
function ask() {
  if (waiting !== null) { again = true; return; }   // the range chosen last is asked for when the answer has come
  waiting = ++serial; again = false;
  bar.setAttribute("aria-busy", "true");
  timer = setTimeout(() => { free(); complain("The server does not answer. Check the connection and count again."); }, 30000);
  trigger("act", form === null ? { days: days.value, serial: waiting } : { form, serial: waiting });
  form = null;
}
function complain(words) { const place = element.querySelector("#db-error"); place.textContent = ""; place.textContent = words; }
function free() { clearTimeout(timer); waiting = null; bar.removeAttribute("aria-busy"); }
watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;
  free();
  complain(reply.error || "");
  if (reply.file) keep(reply.file);
  if (again) ask();
  if (reply.tiles === undefined) return;
  element.querySelector("#db-tiles").innerHTML = reply.tiles;
  const tables = document.getElementById("db-tables"); if (tables) tables.innerHTML = reply.tables;
});
function keep(file) {
  const bytes = Uint8Array.from(atob(file.data), (one) => one.charCodeAt(0)), link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes])); link.download = file.name; link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
(element.closest(".tabitem") || document.body).addEventListener("click", (event) => {
  const button = event.target.closest("[data-form]");
  if (button) { form = button.dataset.form; ask(); }  // while something is under way it is asked for next
});
days.addEventListener("change", ask);
element.querySelector("#db-again").addEventListener("click", ask);
ask();
