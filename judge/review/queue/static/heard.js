/* What other parts of the page ask for: an item, or a look at what came in. */
function hear(name, heard) { document.addEventListener(name, function listen(event) { if (element.isConnected) heard(event); else document.removeEventListener(name, listen); }); }
hear("cj-open", (event) => {
  document.querySelector("[role=tab]")?.click();    // the queue's
  const wish = { open: event.detail };
  if (!act("take", wish)) later("take", wish, null);
});
hear("cj-queue-grew", () => { if (inSight() && waiting === null) act("refresh", {}, true); });
