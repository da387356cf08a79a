/* The dashboard in the browser: asks for the numbers of a time range. Plots are Gradio's. */
const ask = () => { element.querySelector(".db-bar").setAttribute("aria-busy", "true"); trigger("act", { days: element.querySelector("#db-days").value }); };
watch("value", () => {
  let reply;
  try { reply = JSON.parse(props.value); } catch { return; }
  element.querySelector(".db-bar").removeAttribute("aria-busy");
  if (reply.error) { element.querySelector("#db-tiles").textContent = reply.error; return; }
  element.querySelector("#db-tiles").innerHTML = reply.tiles;
  const tables = document.getElementById("db-tables"); if (tables) tables.innerHTML = reply.tables;
});
element.querySelector("#db-days").addEventListener("change", ask);
element.querySelector("#db-again").addEventListener("click", ask);
ask();
