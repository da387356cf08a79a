/* An item that another tab wants opened: the queue is shown, and the item taken as from the list. */
document.addEventListener("cj-open-item", (event) => {
  const tab = [...document.querySelectorAll("[role=tab]")].find((one) => one.textContent.trim().startsWith("Queue"));
  tab?.click();
  act("take", { open: event.detail.item });
});
