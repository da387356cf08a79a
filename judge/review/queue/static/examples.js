/* Examples beside the item, asked for when it has come. */
let shown = null;
const place = () => document.getElementById("cj-examples");
answered((reply) => {
  if (!place() || shown === null) return;
  const had = place().contains(document.activeElement) ? document.activeElement.id : "";
  place().innerHTML = reply.html;
  if (had) document.getElementById(had)?.focus({ preventScroll: true });
});
hear("cj-item", (event) => {
  shown = event.detail;
  if (place()) place().innerHTML = "";
  if (shown === null) later = null; else ask({ item: shown });
});
hear("change", (event) => { if (event.target.id === "cj-examples-rule") ask({ item: shown, rule: event.target.value }); });
hear("click", (event) => {
  const button = event.target.closest?.("#cj-examples-show");
  if (button) ask({ item: shown, rule: document.getElementById("cj-examples-rule").value, reveal: button.getAttribute("aria-pressed") !== "true" });
});
