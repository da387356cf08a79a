/* Pictures of the strip, asked for where there is one. */
answered((reply) => {
  for (const [item, source] of Object.entries(reply.thumbnails)) {
    const place = document.querySelector(`#cj-near-slot [data-thumb="${item}"]`);
    if (place) { place.src = source; place.alt = "shielded"; }
  }
});
hear("cj-near", (event) => ask({ item: event.detail }));
