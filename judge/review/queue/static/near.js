/* Near-identical pictures that wait: which of them the decision goes to as well. */
const nears = () => [...element.querySelectorAll("#cj-near-slot input[name=near]")];
const chosenNear = () => nears().filter((one) => one.checked).map((one) => Number(one.value));
function together() {
  const free = nears().filter((one) => !one.disabled), on = free.some((one) => !one.checked);
  if (!free.length) { live.textContent = "No near-identical picture waits."; return; }
  for (const one of free) one.checked = on;
  countNear();
}
function countNear() {
  const count = chosenNear().length, all = $("cj-near-all"), free = nears().filter((one) => !one.disabled).length;
  all.checked = count > 0 && count === free; all.indeterminate = count > 0 && count < free;
  $("cj-near-said").textContent = count ? `Goes to ${count + 1} pictures.` : "";
}
element.addEventListener("change", (event) => {
  if (event.target.id === "cj-near-all") { for (const one of nears()) if (!one.disabled) one.checked = event.target.checked; countNear(); }
  if (event.target.name === "near") countNear();
});
