/* The workbench's thresholds. The server sends the whole curve, so the slider answers at once. */
let points = [];
function curve() { act("curve", { knob: $("wb-knob").value, rule: $("wb-rule").value }); }
for (const id of ["wb-knob", "wb-rule"]) $(id).addEventListener("change", curve);
function fillRules(rules) {
  const list = $("wb-rule"), chosen = list.value;
  list.replaceChildren(new Option("All rules", ""), ...rules.map((one) => new Option(one, one)));
  list.value = rules.includes(chosen) ? chosen : "";
}
function drawCurve() {
  const figure = $("wb-curve");
  if (!figure) return;
  points = JSON.parse(figure.dataset.points);
  const now = points[Number(figure.dataset.now)];
  $("wb-recorded").textContent = `recorded at ${points.filter((one) => one.recorded).map((one) => one.value).join(", ")}`;
  $("wb-slide").addEventListener("input", () => moveTo(Number($("wb-slide").value)));
  moveTo(points.indexOf(now));
}
const percent = (one) => one === null ? "–" : `${Math.round(one * 100)} %`;
function moveTo(place) {
  const point = points[place];
  $("wb-value").textContent = point.value; $("wb-slide").setAttribute("aria-valuetext", `${point.value}`);
  for (const name of ["precision", "recall", "review"]) {
    const [value, low, high] = point[name];
    $("wb-" + name).textContent = percent(value);
    $("wb-" + name + "-in").textContent = low === null ? "nothing to count" : `${percent(low)} to ${percent(high)}`;
  }
  $("wb-moved").textContent = point.moved;
  for (const end of ["x1", "x2"]) $("wb-marker").setAttribute(end, point.x);
  if ($("wb-put")) { $("wb-put").textContent = `Put ${point.value} into the draft`; $("wb-put").dataset.value = point.value; }
  if ($("wb-yaml")) $("wb-yaml").textContent = `thresholds: {${$("wb-knob").value}: ${point.value}}`;
}

