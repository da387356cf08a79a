/* Arrow keys, Home and End go along the row of tabs, as in any row of tabs. Gradio's listens to Tab and Enter only. */
listen(document, "keydown", (event) => {
  const row = tabs(), at = row.indexOf(event.target.closest?.("[role=tab]"));
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const to = { ArrowRight: (at + 1) % row.length, ArrowLeft: (at - 1 + row.length) % row.length, Home: 0, End: row.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  row[to].focus(); row[to].click();
});
