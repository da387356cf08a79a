/* The workbench's jobs: images tried or compared, how far they are, and a file of one's own. */
function start(kind, data) { working = { upload: "try", ask: "cases" }[kind] || kind; if (kind !== "ask") $(SLOTS[working]).innerHTML = ""; act(kind, data); }
function progress(job) {
  for (const one of element.querySelectorAll("[data-progress]")) {
    const on = job && one.dataset.progress === working;
    if (!on) { one.innerHTML = ""; continue; }
    if (!one.firstChild) one.innerHTML = '<div class="wb-progress"><progress max="1" aria-label="Images judged"></progress><span class="cj-small cj-muted"></span><button type="button" class="cj-btn cj-btn-quiet" data-kind="stop">Stop</button></div>';
    const bar = one.querySelector("progress"); bar.max = job.total;
    if (job.done) bar.value = job.done; else bar.removeAttribute("value");
    const far = job.done ? `${job.done} of ${job.total} images` : job.asked ? `${job.asked} questions asked` : `${job.total} image${job.total === 1 ? "" : "s"}; the first also load the model`;
    one.querySelector("span").textContent = far + (job.waits ? "; waiting, others have the model" : "");
  }
  if (job) setTimeout(() => act("job"), 600);
}
const file = $("wb-file");
file.addEventListener("change", () => { $("wb-upload").disabled = !file.files[0]; });
async function upload() {
  const chosen = file.files[0];
  if (!chosen) return;
  if (chosen.size > MAX_BYTES) { toast("This file is larger than the server takes.", true); return; }
  const data = await new Promise((done, fail) => { const reader = new FileReader(); reader.onload = () => done(reader.result.split(",")[1]); reader.onerror = fail; reader.readAsDataURL(chosen); });
  start("upload", { name: chosen.name, data });
}

