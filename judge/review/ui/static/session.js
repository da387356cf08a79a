/* A session that has ended (a changed password, a week gone by) is told; what is typed is kept, see queue/static/redraft.js. */
if (!window.cjFetch) {
  window.cjFetch = window.fetch;
  window.fetch = async (...asked) => {
    const reply = await window.cjFetch(...asked);
    if (reply.status === 401 && new URL(reply.url, location).pathname.includes("/gradio_api/")) document.getElementById("cj-ended")?.showModal();
    return reply;
  };
}
element.querySelector("#cj-ended button").addEventListener("click", () => location.reload());
listen(document, "submit", (event) => { if (event.target.getAttribute("action") === "logout") sessionStorage.clear(); });  // the next person at this tab finds nothing
