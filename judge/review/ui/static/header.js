/* Light or dark: as the system says, until a person chooses. */
const root = document.body, saved = localStorage.getItem("cj-theme");
if (saved) root.classList.toggle("dark", saved === "dark");
element.addEventListener("click", (event) => {
  if (!event.target.closest("#cj-theme")) return;
  const dark = root.classList.toggle("dark");
  localStorage.setItem("cj-theme", dark ? "dark" : "light");
});
