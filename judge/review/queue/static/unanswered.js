/* A decision that had no answer yet: kept in this tab of the browser, so that whoever reloads, or finds the server back,
   is told whether it was recorded. `head`: how long the log was when the item came. */
const UNANSWERED = "cj-unanswered";
let head = 0;
function keepUnanswered(what) {
  try { if (what) sessionStorage.setItem(UNANSWERED, JSON.stringify(what)); else sessionStorage.removeItem(UNANSWERED); } catch { /* a full disk loses no decision */ }
}
function unanswered() {                              // as `start` asks about it
  try { const { item: decided, head: then } = JSON.parse(sessionStorage.getItem(UNANSWERED)); return { decided, head: then, open: decided }; } catch { return {}; }
}
