// Blocking and tiny: sets the theme before the first paint, so that a dark page never flashes white.
(() => {
  const KEY = "nanwatch:theme";
  const wish = localStorage.getItem(KEY);
  const dark = wish === "dark" || (wish !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
