/* A clip: which of its frames is in sight, and ways to go from one to another. The stage holds all of them, and shows
   one; shielded or revealed, the place stays. */
let still = 0;
const film = () => element.querySelector(".cj-film"), stills = () => [...element.querySelectorAll("#cj-film .cj-frames [data-frame]")];
function showFrame(to, say = true) {
  const all = stills();
  if (!all.length) return;
  still = Math.min(Math.max(to, 0), all.length - 1);
  drawFilm();
  const { at, said } = all[still].dataset;
  all[still].scrollIntoView({ block: "nearest", inline: "nearest" });
  if (say) live.textContent = `${at}, frame ${still + 1} of ${all.length}.${said ? ` ${said}.` : ""}`;
}
function drawFilm() {
  const all = stills();
  if (!film() || !all[still]) return;
  const { at, said, share } = all[still].dataset;
  for (const one of stage.querySelectorAll("[data-still]")) one.hidden = Number(one.dataset.still) !== still;
  for (const one of all) { if (one === all[still]) one.setAttribute("aria-current", "true"); else one.removeAttribute("aria-current"); }
  film().style.setProperty("--at", share);
  const words = document.createElement("b"), more = document.createElement("span");
  words.textContent = at; more.textContent = said;
  $("cj-film-at").replaceChildren(words, more);
  drawView();
}
function stepRange(step) {                           // to the next frame of which there is something to say
  const all = stills(), told = all.findIndex((one, number) => one.dataset.said && number > still);
  const before = all.findLastIndex((one, number) => one.dataset.said && number < still);
  const to = step > 0 ? told : before;
  if (to >= 0) showFrame(to); else live.textContent = step > 0 ? "Nothing was found after this." : "Nothing was found before this.";
}
function newFilm() { still = Number(film()?.dataset.first || 0); drawFilm(); }
element.addEventListener("click", (event) => {       // on a bar: the moment there, or the one that the stretch leads to
  const track = event.target.closest?.(".cj-track");
  if (!track || !stills().length) return;
  if (event.target.dataset.to) { showFrame(Number(event.target.dataset.to)); return; }
  const box = track.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
  const apart = stills().map((one) => Math.abs(Number(one.dataset.share) - share));
  showFrame(apart.indexOf(Math.min(...apart)));
});
hear("cj-frames", (event) => {
  const { item: of, stage: shielded, thumbs } = event.detail;
  if (of !== item || !film()) return;
  if (stage.querySelector(".cj-film-waiting") && shielded) stage.innerHTML = shielded;
  stills().forEach((one, number) => { const picture = one.querySelector("img"); if (thumbs[number]) { picture.src = thumbs[number]; picture.hidden = false; } });
  drawFilm();
});
