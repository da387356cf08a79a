/* Where one is, in the page's address: #/TAB, and what the tab says of its place (`cj-place`): #/queue/item/12?rule=drugs.
   Going back, or opening a shared address, tells the tab where to go (`cj-go`). */
const slug = (tab) => tab.textContent.trim().toLowerCase().replace(/[^a-z0-9]+/g, "-");
const tabs = () => [...document.querySelectorAll(".tab-container [role=tab]")];
const places = {};                                   // by tab, where it stands
let arrived = false;                                 // the tab that the address names was opened
function parsed() { const found = /^#\/([a-z0-9-]+)(.*)$/.exec(location.hash); return found && { tab: found[1], at: found[2] }; }
function stand(replace) {
  const tab = tabs().find((one) => one.getAttribute("aria-selected") === "true");
  if (!arrived || !tab) return;
  const at = "#/" + slug(tab) + (places[slug(tab)] || "");
  if (at !== location.hash) history[replace || !location.hash.startsWith("#/") ? "replaceState" : "pushState"](null, "", at);
}
function open(tab) {
  const found = tabs().find((one) => slug(one) === tab);
  if (found && found.getAttribute("aria-selected") !== "true") found.click();
}
function listen(target, name, heard) { target.addEventListener(name, function once(event) { if (element.isConnected) heard(event); else target.removeEventListener(name, once); }); }
listen(document, "cj-place", (event) => { places[event.detail.tab] = event.detail.at; stand(event.detail.replace); });
listen(document, "click", (event) => {
  if (event.target.closest("[role=tab]")) setTimeout(() => stand(false));
  if (event.target.closest(".cj-skip")) { event.preventDefault(); document.getElementById("cj-work")?.focus(); }
});
listen(window, "popstate", () => {
  const to = parsed();
  if (!to) return;
  places[to.tab] = to.at;
  open(to.tab);
  document.dispatchEvent(new CustomEvent("cj-go", { detail: to.tab }));
});
(function arrive(tries) {                            // the tabs come after this
  const to = parsed();
  if (to && !tabs().length && tries) { requestAnimationFrame(() => arrive(tries - 1)); return; }
  if (to) { places[to.tab] = to.at; open(to.tab); }
  requestAnimationFrame(() => { arrived = true; stand(true); });
})(600);
