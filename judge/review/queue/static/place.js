/* Where the queue stands, for the page's address (ui/static/addresses.js): the item in hand, and the filters. */
const QUEUE = /^#\/queue(?:\/item\/(\d+))?(?:\?(.*))?$/;
let doing = "";                                      // what the server was asked last: what follows from it replaces the place before
const FOLLOWS = new Set(["start", "decide", "undo", "refresh", "go"]);
function placed() {
  const said = Object.entries(filters).filter(([name, value]) => name in EMPTY && String(value) !== EMPTY[name]);
  const query = new URLSearchParams(said).toString(), at = (item === null ? "" : "/item/" + item) + (query && "?" + query);
  document.dispatchEvent(new CustomEvent("cj-place", { detail: { tab: "queue", at, replace: FOLLOWS.has(doing) } }));
}
function addressed() {                               // the item and the filters that the address names
  const found = QUEUE.exec(location.hash), query = new URLSearchParams(found?.[2] || "");
  return found && { open: found[1] ? Number(found[1]) : null, filters: Object.fromEntries(Object.entries(EMPTY).map(([name, plain]) => [name, query.get(name) ?? plain])) };
}
function setFilters(wanted) {
  filters = wanted; offset = 0;
  const fields = $("cj-filters")?.elements || {};
  for (const [name, value] of Object.entries(wanted)) if (fields[name]) fields[name].value = value;
}
let expected = null;                                 // the item that was on the page before it was made anew
function begin() {
  const to = addressed();
  expected = unanswered().at(-1)?.item ?? to?.open ?? null;
  if (to) filters = to.filters;
  act("start", { ...(to?.open ? { open: to.open } : {}), unanswered: unanswered() });
}
hear("cj-go", (event) => {
  const to = addressed();
  if (event.detail !== "queue" || !to) return;
  setFilters(to.filters);
  const [kind, data] = to.open ? ["take", { open: to.open }] : ["filter", {}];
  if (act(kind, data)) doing = "go"; else later(kind, data, "go");
});
