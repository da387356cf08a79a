/* The rules that may be ticked: few in sight, all to be found by their names and words, and a count of what is folded.
   Each has its key by its place in the constitution, so it is the same on every item. */
const SHOWN_WHOLE = 16, KEYED = 10, TICKED_TOO = 6;  // up to so many all are shown; else those with a key, and some ticked ones
let unfolded = false;
const chips = () => [...element.querySelectorAll("#cj-tick-list .cj-tick")];
const boxOf = (chip) => chip.querySelector("input");
const sought = () => ($("cj-find")?.value || "").toLowerCase().split(/\s+/).filter(Boolean);
function foldRules() {
  const all = chips(), words = sought(), ticks = all.filter((one) => boxOf(one).checked).length;
  if (!$("cj-ticked")) return;
  let room = TICKED_TOO, ticked = 0, hidden = 0;
  all.forEach((one, place) => {
    const text = (boxOf(one).value + " " + one.title).toLowerCase();
    let shown = unfolded || all.length <= SHOWN_WHOLE || place < KEYED;
    if (words.length) shown = words.every((word) => text.includes(word));
    else if (!shown && boxOf(one).checked && room > 0) { shown = true; room -= 1; }
    one.hidden = !shown;
    if (!shown) { hidden += 1; ticked += boxOf(one).checked; }
  });
  $("cj-ticked").textContent = all.length ? `${ticks} of ${all.length}` : "";
  const button = $("cj-unfold"), foldable = all.length > SHOWN_WHOLE && !words.length;
  button.hidden = !foldable;
  button.textContent = unfolded ? "Show fewer rules" : `Show ${hidden} more rules${ticked ? `, ${ticked} of them ticked` : ""}`;
  button.setAttribute("aria-expanded", String(unfolded));
  $("cj-tick-list").classList.toggle("cj-unfolded", unfolded);
  mark(words.length ? inSightChips()[0] : null);
}
const RULE_NAME = /^[a-z0-9][a-z0-9-]{0,79}$/, meant = () => $("cj-find").value.trim(), unknown = () => "unknown" in ($("cj-find")?.dataset || {});
function addRule(name) {                             // of a constitution that is not known here: as it was typed
  const chip = document.createElement("label"), box = document.createElement("input"), said = document.createElement("span");
  chip.className = "cj-tick"; Object.assign(box, { type: "checkbox", name: "rule", value: name }); said.textContent = name;
  chip.append(box, said); $("cj-tick-list").append(chip);
  $("cj-find").value = ""; box.click();
}
const inSightChips = () => chips().filter((one) => !one.hidden);
function mark(chip) {                                // what Enter in the field will tick
  for (const one of chips()) one.classList.toggle("cj-marked", one === chip);
  const words = sought(), count = inSightChips().length;
  if ($("cj-found")) $("cj-found").textContent = !words.length ? "" : !chip && unknown() ? (RULE_NAME.test(meant()) ? `Enter adds ${meant()}.` : "Names of rules have a-z, 0-9 and hyphens.") : !chip ? "No rule has these words." : `${count} of ${chips().length} found. Enter ${boxOf(chip).checked ? "unticks" : "ticks"} ${boxOf(chip).value}.`;
}
function findKey(event) {                            // keys in the field that finds rules
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], seen = inSightChips(), at = seen.findIndex((one) => one.classList.contains("cj-marked"));
  if (step && seen.length) mark(seen[(at + step + seen.length) % seen.length]);
  else if (event.key === "Enter") {
    if (!seen[at] && unknown() && RULE_NAME.test(meant())) addRule(meant());
    if (seen[at]) { boxOf(seen[at]).click(); $("cj-find").value = ""; foldRules(); } else if (!sought().length) leaveFind();
  } else if (event.key === "Escape") leaveFind();
  else return;
  event.preventDefault();
}
function leaveFind() { $("cj-find").value = ""; foldRules(); $("cj-work").focus({ preventScroll: true }); }
function findRule() { const place = $("cj-find") || element.querySelector("#cj-decision input[name=rule]"); place?.focus(); }
function pickRules() { $("cj-ticks").dataset.sheet = "open"; if (!narrow()) (element.querySelector("#cj-tick-list input") || $("cj-find"))?.focus(); }  // on a phone it is a sheet
function unpick() { delete $("cj-ticks")?.dataset.sheet; complain(""); }
element.addEventListener("input", (event) => { if (event.target.id === "cj-find") foldRules(); });
element.addEventListener("change", (event) => { if (event.target.name === "rule") { event.target.dataset.here = "yes"; foldRules(); } });
element.addEventListener("keydown", (event) => { if (event.target.id === "cj-find" && !event.isComposing) findKey(event); });
