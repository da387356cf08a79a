/* How the picture is looked at: zoom, pan, quarter turns, grey, blur, full screen. The frame keeps these; a new item
   begins with the whole picture, upright. Grey and blur stay as they were chosen. */
const stage = $("cj-stage"), BLURS = [0, 0.6, 1.5, 3, 6]; // hundredths of the frame's shorter side
const MOST_ZOOM = 32;
let view = { zoom: 1, x: 0, y: 0, turn: 0 }, levels = { grey: false, blur: 0 };

function resetView() { view = { zoom: 1, x: 0, y: 0, turn: 0 }; drawView(); }
function actual() {                                  // the zoom at which a pixel of the file is one of the page; 1 shows all
  const canvas = stage.querySelector(".cj-canvas:not([hidden])");
  return canvas && canvas.offsetWidth ? Number(canvas.dataset.width) / canvas.offsetWidth : 1;
}
function size() {                                    // of what is shown, before zooming
  const all = stage.querySelectorAll(".cj-canvas:not([hidden])");
  if (all.length !== 1) return { x: stage.clientWidth, y: stage.clientHeight };
  const { offsetWidth: width, offsetHeight: height } = all[0];
  return view.turn % 2 ? { x: height, y: width } : { x: width, y: height };
}
function drawView() {
  const shown = size(), room = { x: Math.max(shown.x * view.zoom - stage.clientWidth, 0) / 2, y: Math.max(shown.y * view.zoom - stage.clientHeight, 0) / 2 };
  const upright = stage.hasAttribute("data-sideways") === (view.turn % 2 === 1), one = upright ? actual() : 0;  // measured before anything is changed
  for (const axis of ["x", "y"]) view[axis] = Math.min(Math.max(view[axis], -room[axis]), room[axis]);
  for (const [name, value] of [["--zoom", view.zoom], ["--x", view.x + "px"], ["--y", view.y + "px"], ["--turn", view.turn]]) stage.style.setProperty(name, value);
  stage.toggleAttribute("data-zoomed", view.zoom > 1); stage.toggleAttribute("data-sideways", view.turn % 2 === 1);
  stage.toggleAttribute("data-grey", levels.grey); stage.toggleAttribute("data-blur", levels.blur > 0);
  stage.style.setProperty("--blur", BLURS[levels.blur] + "cqmin");
  const share = stage.querySelector(".cj-canvas:not([hidden])") ? Math.round(100 * view.zoom / (one || actual())) : 0;
  $("cj-zoom").textContent = share ? share + " %" : "–";
  $("cj-grey").setAttribute("aria-pressed", String(levels.grey));
  $("cj-blur").textContent = levels.blur;
}
function zoomTo(zoom, at = { x: 0, y: 0 }) {         // `at` stays where it is: pixels from the middle of the frame
  const next = Math.min(Math.max(zoom, 1), MOST_ZOOM), grown = next / view.zoom;
  view.x = at.x - (at.x - view.x) * grown; view.y = at.y - (at.y - view.y) * grown; view.zoom = next;
  drawView();
}
function pan(x, y) { view.x += x; view.y += y; drawView(); }
function turn() { view = { zoom: 1, x: 0, y: 0, turn: (view.turn + 1) % 4 }; drawView(); live.textContent = `Rotated by ${view.turn * 90} degrees.`; }
function wholeOrActual() { const one = actual(); if (view.zoom !== 1 || one <= 1) zoomTo(1); else zoomTo(one); }
function level(name, value) {
  levels = { ...levels, [name]: value }; drawView(); prefer();
  live.textContent = name === "grey" ? (value ? "Without colours." : "With colours.") : `Blur ${value} of ${BLURS.length - 1}.`;
}
const blur = (step) => level("blur", Math.min(Math.max(levels.blur + step, 0), BLURS.length - 1));
function toggleBoxes() { const off = desk.classList.toggle("cj-no-boxes"); $("cj-boxes-toggle").setAttribute("aria-pressed", String(!off)); }
function full(on = !desk.classList.contains("cj-filled")) {
  desk.classList.toggle("cj-filled", on);
  $("cj-full").setAttribute("aria-pressed", String(on));
  if (on) desk.requestFullscreen?.().catch(() => {}); // where the browser refuses, it fills the window
  else if (document.fullscreenElement === desk) document.exitFullscreen();
  resetView();
}
desk.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) full(false); });
new ResizeObserver(drawView).observe(stage);

/* By mouse and by touch: drag moves, a pinch or Ctrl and the wheel zooms, a double click is 100 % */
const fingers = new Map();
const from = (event) => { const box = stage.getBoundingClientRect(); return { x: event.clientX - box.x - box.width / 2, y: event.clientY - box.y - box.height / 2 }; };
const spread = () => { const [one, two] = fingers.values(); return Math.hypot(one.x - two.x, one.y - two.y); };
stage.addEventListener("pointerdown", (event) => { if (event.button === 0 && !event.target.closest("button")) { fingers.set(event.pointerId, from(event)); if (view.zoom > 1) stage.setPointerCapture(event.pointerId); } });
stage.addEventListener("pointermove", (event) => {
  const last = fingers.get(event.pointerId);
  if (!last) return;
  const before = fingers.size === 2 ? spread() : 0, now = from(event);
  fingers.set(event.pointerId, now);
  if (before) { const [one, two] = fingers.values(); zoomTo(view.zoom * spread() / before, { x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 }); } else if (view.zoom > 1) pan(now.x - last.x, now.y - last.y);
});
for (const name of ["pointerup", "pointercancel", "pointerleave"]) stage.addEventListener(name, (event) => fingers.delete(event.pointerId));
stage.addEventListener("touchmove", (event) => { if (event.touches.length > 1) event.preventDefault(); }, { passive: false });
stage.addEventListener("wheel", (event) => { if (event.ctrlKey) { event.preventDefault(); zoomTo(view.zoom * Math.exp(-event.deltaY / 300), from(event)); } }, { passive: false });
stage.addEventListener("dblclick", (event) => { if (view.zoom > 1) zoomTo(1); else zoomTo(Math.max(actual(), 2), from(event)); });
