/* Lines that go away by themselves. */
function toast(text, bad) {
  const box = document.createElement("div");
  box.className = "cj-toast" + (bad ? " cj-toast-bad" : ""); box.textContent = text;
  $("cj-toasts").append(box);
  setTimeout(() => box.remove(), bad ? 9000 : 4000);
}
