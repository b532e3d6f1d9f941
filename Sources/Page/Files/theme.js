// Sets the chosen theme before anything is drawn; "automatic" follows the system.
"use strict";
(() => {
  let theme = null;
  try { theme = localStorage.getItem("luthier.theme"); } catch { /* storage is off: automatic */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
