// Starts the page: sections by address, the theme, the key, and what happens when the service does not answer.

import * as chat from "./chat.js";
import * as data from "./data.js";
import { byId, element, icon, notify, show } from "./elements.js";
import * as jobs from "./jobs.js";
import * as report from "./report.js";
import { connection, isAlive, storeKey, whenKeyIsNeeded } from "./service.js";
import { isActive, refresh, state, watch } from "./state.js";
import * as test from "./test.js";
import * as tune from "./tune.js";

const sections = { data, tune, jobs, chat, test, report };
const secondsBetweenTries = 3;
let current = null;

// Sections: #/name/argument/argument. The slash keeps the name from being the identifier of an element, to which the browser
// would move.

const address = () => location.hash.replace(/^#\/?/, "").split("/").map(decoded);

function route(isFirst = false) {
  const [name, ...given] = address();
  const section = Object.hasOwn(sections, name) ? name : "data";
  if (current && current !== section) sections[current].leave?.();
  for (const other of Object.keys(sections)) byId(other).hidden = other !== section;
  for (const link of document.querySelectorAll("nav.sections a")) {
    if (link.hash === `#/${section}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = byId(`${section}-title`);
  document.title = `${title.textContent} · Luthier`;
  const isOther = current !== section;
  current = section;
  sections[section].enter(...given);
  if (isOther && isFirst !== true) {
    window.scrollTo(0, 0);
    title.focus({ preventScroll: true });
  }
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// Theme

const themes = { automatic: "Automatic", light: "Light", dark: "Dark" };

function setTheme(theme) {
  if (theme === "automatic") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const button = byId("theme");
  button.querySelector(".icon").replaceWith(icon(theme));
  button.querySelector(".label").textContent = themes[theme];
  button.setAttribute("aria-label", `Theme: ${themes[theme].toLowerCase()}. Change`);
}

function startTheme() {
  const names = Object.keys(themes);
  let theme = "automatic";
  try { theme = localStorage.getItem("luthier.theme") ?? theme; } catch { /* automatic */ }
  if (!Object.hasOwn(themes, theme)) theme = "automatic";
  setTheme(theme);
  byId("theme").addEventListener("click", () => {
    theme = names[(names.indexOf(theme) + 1) % names.length];
    setTheme(theme);
    try { localStorage.setItem("luthier.theme", theme); } catch { /* for this page only */ }
  });
}

// Key

function askForKey(wasRejected) {
  const [dialog, form, field, text] = ["key-dialog", "key-form", "key", "key-problem"].map(byId);
  text.hidden = !wasRejected;
  text.textContent = wasRejected ? "The service did not accept this key." : "";
  field.value = "";
  if (wasRejected) field.setAttribute("aria-invalid", "true");
  dialog.showModal();
  return new Promise((resolve) => {
    const keep = (event) => event.preventDefault();
    dialog.addEventListener("cancel", keep);
    form.addEventListener("submit", () => {
      dialog.removeEventListener("cancel", keep);
      storeKey(field.value.trim());
      resolve();
    }, { once: true });
  });
}

// Connection

let hasBeenDown = false;

function connected(isUp) {
  byId("disconnected").hidden = isUp;
  byId("connection").className = isUp ? "connection up" : "connection down";
  drawConnection(isUp);
  if (isUp && hasBeenDown) {
    notify("Connected again");
    readAll();
    sections[current].enter(...address().slice(1));
  }
  hasBeenDown = !isUp;
  if (!isUp) tryAgain();
}

function drawConnection(isUp) {
  const { info } = state;
  byId("connection-text").textContent = !isUp ? "Not connected" : info ? `${info.version} · ${location.host}` : location.host;
}

let trying = null;
function tryAgain() {
  clearTimeout(trying);
  trying = setTimeout(async () => {
    if (!await isAlive()) tryAgain();
  }, secondsBetweenTries * 1000);
}

const readAll = () => refresh("info", "models", "jobs").catch((error) => {
  if (error.status) notify(error.message, true);
});

/// Jobs are read again while one is active, for the number in the navigation.
function followJobs() {
  const wait = state.jobs?.some(isActive) ? 3000 : 15_000;
  setTimeout(async () => {
    if (!document.hidden && current !== "jobs") await refresh("jobs").catch(() => {});
    followJobs();
  }, wait);
}

function drawRunning() {
  const active = state.jobs.filter(isActive).length;
  const badge = byId("running");
  badge.hidden = !active;
  show(badge, String(active), element("span", { class: "hidden" }, " active"));
}

startTheme();
whenKeyIsNeeded(askForKey);
connection.addEventListener("up", () => connected(true));
connection.addEventListener("down", () => connected(false));
byId("try-again").addEventListener("click", () => isAlive());
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
for (const section of Object.values(sections)) section.start();
watch(["jobs"], drawRunning);
watch(["info"], () => drawConnection(true));
window.addEventListener("hashchange", route);
window.addEventListener("dragover", (event) => event.preventDefault());
window.addEventListener("drop", (event) => event.preventDefault());
readAll();
followJobs();
route(true);
