// Runs before the first paint, so that no page flashes in the wrong colours.
(() => {
  try {
    const theme = localStorage.getItem("mangaflux.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    /* storage is switched off: the system's colours do */
  }
})();
