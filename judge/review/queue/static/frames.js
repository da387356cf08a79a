/* The frames of a clip, asked for when it has come. */
const timeline = () => document.querySelector("#cj-film .cj-film");
answered((reply) => {
  if (reply.item !== null && timeline()) document.dispatchEvent(new CustomEvent("cj-frames", { detail: reply }));
});
hear("cj-item", (event) => { if (event.detail !== null && timeline()) ask({ item: event.detail }); else later = null; });
