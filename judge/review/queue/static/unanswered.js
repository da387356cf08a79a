/* A decision that had no answer yet: kept in this tab of the browser for who made it, so that whoever reloads, or finds
   the server back, is told whether it was recorded, and nobody else who signs in here. `head`: how long the log was when
   the item came. */
const UNANSWERED = "cj-unanswered", MOST_UNANSWERED = 20;
let head = 0;
function unanswered() {                              // everybody's: the server knows who asks
  try { const all = JSON.parse(sessionStorage.getItem(UNANSWERED)); return Array.isArray(all) ? all : []; } catch { return []; }
}
function keepUnanswered(what) {                      // one of each person
  const others = unanswered().filter((one) => one.who !== whose), all = what ? [...others, { who: whose, ...what }] : others;
  try { sessionStorage.setItem(UNANSWERED, JSON.stringify(all.slice(-MOST_UNANSWERED))); } catch { /* a full disk loses no decision */ }
}
