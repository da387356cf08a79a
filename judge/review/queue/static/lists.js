/* The list beside the item, and its filters. */
function neighbour(step) {
  const all = [...element.querySelectorAll("[data-open]")];
  if (!all.length) return;
  const at = all.findIndex((one) => Number(one.dataset.open) === item);
  const next = all[at < 0 ? 0 : at + step];
  if (next) act("take", { open: Number(next.dataset.open) });
}
function clearFilters() { setFilters({ ...EMPTY }); act("filter"); }
element.addEventListener("change", (event) => {
  const changed = event.target.closest("#cj-filters");
  if (changed) { for (const name of Object.keys(EMPTY)) if (changed.elements[name]) filters[name] = changed.elements[name].value; offset = 0; act("filter"); }
});
