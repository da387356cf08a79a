/* Named queues: each is a set of filters, so what is chosen stands in the address like any other filter. */
function nameQueue() {                               // which queue the filters are
  const place = $("cj-queue"), chosen = [...place?.options || []].find((one) => one.dataset.filters && sameFilters(JSON.parse(one.dataset.filters)));
  if (place) place.value = chosen?.value || "";
  if ($("cj-drop-queue")) $("cj-drop-queue").hidden = !chosen;
}
const sameFilters = (wanted) => filters.state === "waiting" && Object.entries(wanted).every(([name, value]) => String(filters[name]) === value || Number(filters[name]) === Number(value) && value !== "" && filters[name] !== "");
element.addEventListener("change", (event) => {
  if (event.target.id !== "cj-queue") return;
  const chosen = event.target.selectedOptions[0];
  setFilters({ ...EMPTY, ...JSON.parse(chosen.dataset.filters || "{}") });
  act("filter");
});
element.addEventListener("submit", (event) => {
  if (event.target.id !== "cj-keep-form") return;
  event.preventDefault();
  const fields = event.target.elements;
  act("keep_queue", { name: fields.queue.value.trim(), share: Number(fields.share.value) / 100 });
});
element.addEventListener("click", (event) => { if (event.target.id === "cj-drop-queue") act("drop_queue", { name: $("cj-queue").value }); });
