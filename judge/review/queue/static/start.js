/* Stay in touch: keep the lease while the page is looked at, and see what others did */
setInterval(() => { if (document.visibilityState === "visible" && inSight() && waiting === null && desk.dataset.state !== "break") act("refresh", {}, true); }, REFRESH_SECONDS * 1000);
begin();
