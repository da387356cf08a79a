/* Uploads: read here and sent with the event, so that the server never has them in a folder of temporary files */
const file = $("cj-file"), go = $("cj-upload-go"), drop = $("cj-drop");
let chosen = null;
function choose(one) {
  chosen = one || null; go.disabled = chosen === null;
  $("cj-file-name").textContent = chosen ? chosen.name : "No image chosen";
  if (chosen && chosen.size > MAX_BYTES) { go.disabled = true; say("This file is larger than the server takes.", true); } else say("");
}
function say(text, bad, busy) { const place = $("cj-upload-state"); place.textContent = text; place.className = "cj-small" + (bad ? " cj-inline-error" : ""); if (busy) place.prepend(Object.assign(document.createElement("span"), { className: "cj-spinner" })); }
function resetUpload() { file.value = ""; chosen = null; go.disabled = true; say(""); $("cj-file-name").textContent = "or drop one here"; }
if (file) {
  file.addEventListener("change", () => choose(file.files[0]));
  for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.toggle("cj-over", name === "dragover"); if (name === "drop") choose(event.dataTransfer.files[0]); });
  go.addEventListener("click", async () => {
    if (!chosen) return;
    const data = await new Promise((done, fail) => { const reader = new FileReader(); reader.onload = () => done(reader.result.split(",")[1]); reader.onerror = fail; reader.readAsDataURL(chosen); });
    if (act("upload", { name: chosen.name, data, constitution: $("cj-constitution").value })) { go.disabled = true; say("Judging. The first image also loads the model.", false, true); }
  });
}
function uploaded(reply) { if (reply.error) { say(reply.error, true); go.disabled = false; } else $("cj-upload").close(); }
