"use strict";
(() => {
  // Shielded pictures: the page opens with blurred copies; a button swaps one for the picture itself, and back.
  const all = document.getElementById("reveal-all");
  const shields = [...document.querySelectorAll("button.shield")];
  const show = (button, on) => {
    const image = button.querySelector("img");
    image.src = on ? image.dataset.clear : image.dataset.shield;
    image.alt = on ? image.dataset.clearAlt : image.dataset.shieldAlt;
    button.setAttribute("aria-pressed", String(on));
    button.querySelector(".hint").textContent = on ? "shield" : "show picture";
  };
  const pressed = (button) => button.getAttribute("aria-pressed") === "true";
  shields.forEach((button) => button.addEventListener("click", () => show(button, !pressed(button))));
  if (all) all.addEventListener("click", () => {
    const on = !pressed(all);
    all.setAttribute("aria-pressed", String(on));
    all.textContent = on ? "Shield all pictures" : "Show all pictures";
    shields.forEach((button) => show(button, on));
  });

  // Plots: plotly lies packed in the page; its colours are swapped for the dark ones where the reader wants it dark.
  const { plots, dark } = JSON.parse(document.getElementById("plot-data").textContent);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const coloured = (value) => {
    if (typeof value === "string") return scheme.matches && Object.hasOwn(dark, value) ? dark[value] : value;
    if (Array.isArray(value)) return value.map(coloured);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, coloured(one)]));
  };
  const state = document.documentElement.dataset;
  const failed = (name, error) => {
    document.getElementById(`plot-${name}`).closest("figure").dataset.failed = "";
    state.plots = "failed";
    console.error(name, error);
  };
  const draw = async () => {
    for (const [name, figure] of Object.entries(plots)) {
      const { data, layout } = coloured(figure);
      const place = document.getElementById(`plot-${name}`);
      try {
        await Plotly.react(place, data, layout, { displayModeBar: false, responsive: true, showTips: false });
      } catch (error) {
        failed(name, error);
      }
    }
    state.plots ??= "drawn";
  };
  const unpack = async () => {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  };
  unpack().then(
    () => draw().then(() => scheme.addEventListener("change", draw)),
    (error) => Object.keys(plots).forEach((name) => failed(name, error)),
  );
})();
