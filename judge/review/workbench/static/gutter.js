/* What Check found, in the editor: a mark beside each line that has a finding, its words under the editor while the
   caret is on the line, and a way to the next one. The editor redraws its own lines, so marks are put on the numbers
   beside them, again whenever those change. */
let marks = new Map(), painting = 0;
const editor = () => $("wb-code");                   // comes after the rest of the page, where its address names the workbench
const within = (selector) => [...(editor()?.querySelectorAll(selector) || [])];
function mark(findings) {
  marks = new Map();
  for (const one of findings) {
    const number = Number(one.querySelector("button").dataset.line), bad = one.classList.contains("wb-error");
    const said = [...one.querySelectorAll(".wb-what > b, .wb-what > .cj-muted")].map((part) => part.textContent.trim());
    const before = marks.get(number);
    marks.set(number, { bad: bad || before?.bad, words: [...(before ? [before.words] : []), sentence(said)].join(" ") });
  }
  repaint();
}
const sentence = (parts) => parts.map((one) => one.charAt(0).toUpperCase() + one.slice(1) + (/[.?!:]$/.test(one) ? "" : ".")).join(" ");
function repaint() { cancelAnimationFrame(painting); painting = requestAnimationFrame(paint); }
const numbers = () => within(".cm-lineNumbers .cm-gutterElement").filter((one) => one.offsetHeight);
function paint() {
  for (const one of numbers()) {
    const found = marks.get(Number(one.textContent));
    if (found) { one.dataset.found = found.bad ? "bad" : "warn"; one.title = found.words; } else if (one.dataset.found) { delete one.dataset.found; one.removeAttribute("title"); }
  }
  here();
}
function caret() {
  const node = getSelection()?.anchorNode, at = (node?.nodeType === 1 ? node : node?.parentElement)?.closest?.("#wb-code .cm-line");
  if (!at) return null;
  const top = at.getBoundingClientRect().top;
  const beside = numbers().find((one) => Math.abs(one.getBoundingClientRect().top - top) < 4);
  return beside ? Number(beside.textContent) : null;
}
function here() {
  const place = $("wb-here"), number = caret(), found = number === null ? null : marks.get(number);
  const all = [...marks.keys()].sort((a, b) => a - b), next = all.find((one) => one > (number ?? 0)) ?? all[0];
  const words = found ? `Line ${number}: ${found.words}` : all.length ? `${all.length} line${all.length === 1 ? "" : "s"} to look at.` : "";
  if (place.dataset.words !== `${words} ${next}`) {
    place.dataset.words = `${words} ${next}`; place.dataset.is = found ? (found.bad ? "bad" : "warn") : "";
    place.querySelector("span").textContent = words;
    const button = place.querySelector("button");
    button.hidden = next === undefined || (found && all.length === 1);
    if (next !== undefined) { button.dataset.line = String(next); button.textContent = `Go to line ${next}`; }
  }
}
new MutationObserver(repaint).observe(row.querySelector(".wb-left"), { childList: true, subtree: true, characterData: true });
document.addEventListener("selectionchange", () => { if (tab.contains(document.activeElement)) repaint(); });
row.addEventListener("keydown", (event) => { if (event.key === "F8" && event.target.closest("#wb-code") && !$("wb-here").querySelector("button").hidden) { event.preventDefault(); goTo(Number($("wb-here").querySelector("button").dataset.line)); } });
row.addEventListener("click", (event) => { const number = event.target.closest("#wb-code .cm-gutterElement[data-found]"); if (number) goTo(Number(number.textContent)); });

function goTo(number) {
  const code = editor(), scroller = code.querySelector(".cm-scroller"), height = code.querySelector(".cm-line")?.getBoundingClientRect().height || 18;
  scroller.scrollTop = Math.max((number - 1) * height - scroller.clientHeight / 3, 0);
  if (window.matchMedia("(max-width: 1100px)").matches) code.scrollIntoView({ block: "start" });
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const gutter = numbers().find((one) => one.textContent === String(number));
    const at = gutter?.getBoundingClientRect().top;
    const found = within(".cm-line").find((one) => at !== undefined && Math.abs(one.getBoundingClientRect().top - at) < height / 2);
    if (!found) return;
    const range = document.createRange(); range.selectNodeContents(found); range.collapse(true);
    code.querySelector(".cm-content").focus({ preventScroll: true });
    const picked = getSelection(); picked.removeAllRanges(); picked.addRange(range);
    scroller.scrollLeft = 0;
    const mark = document.createElement("div"), inside = code.getBoundingClientRect();  // the editor redraws its own lines
    mark.className = "wb-found"; mark.style.top = `${found.getBoundingClientRect().top - inside.top}px`; mark.style.height = `${height}px`;
    code.querySelector(".wb-found")?.remove(); code.append(mark); setTimeout(() => mark.remove(), 2000);
  }));
}

