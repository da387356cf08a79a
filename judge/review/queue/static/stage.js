/* The picture: shielded, revealed, for as long as a key or a button is held. */
function setShown(on) {
  shown = on;
  const button = $("cj-reveal");
  button.setAttribute("aria-pressed", String(on));
  button.querySelector("span").textContent = on ? "Hide" : "Reveal";
}
function want(on, peek) {                            // a key may be let go before the image has come
  peeking = peek; wanted = on;
  if (shown !== on) act(on ? "reveal" : "hide");
}

/* Hold to peek: pointer, and P */
const peek = $("cj-peek");
peek.addEventListener("pointerdown", (event) => { peek.setPointerCapture(event.pointerId); want(true, true); });
for (const name of ["pointerup", "pointercancel", "blur"]) peek.addEventListener(name, () => { if (peeking) letGo(); });
function letGo() { want(false, true); peeking = false; }
window.addEventListener("blur", () => { if (peeking) letGo(); });
