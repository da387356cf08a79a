/* The dashboard in the browser: asks for the numbers of a time range. Plots are Gradio's. */
const bar = element.querySelector(".db-bar"), days = element.querySelector("#db-days");
let serial = 0, waiting = null, again = false, timer = null;
function ask() {
  if (waiting !== null) { again = true; return; }   // the range chosen last is asked for when the answer has come
  waiting = ++serial; again = false;
  bar.setAttribute("aria-busy", "true");
  timer = setTimeout(() => { free(); element.querySelector("#db-tiles").textContent = "The server does not answer. Check the connection and count again."; }, 30000);
  trigger("act", { days: days.value, serial: waiting });
}
function free() { clearTimeout(timer); waiting = null; bar.removeAttribute("aria-busy"); }
watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  if (reply.serial !== waiting) return;
  free();
  if (again) { ask(); return; }
  if (reply.error) { element.querySelector("#db-tiles").textContent = reply.error; return; }
  element.querySelector("#db-tiles").innerHTML = reply.tiles;
  const tables = document.getElementById("db-tables"); if (tables) tables.innerHTML = reply.tables;
});
days.addEventListener("change", ask);
element.querySelector("#db-again").addEventListener("click", ask);
ask();
