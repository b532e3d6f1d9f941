// Makes elements from values, always as text; formats numbers; dialogs, notices and copying.

const namespace = "http://www.w3.org/2000/svg";
const properties = new Set(["value", "checked", "disabled", "hidden", "selected", "open", "indeterminate", "readOnly"]);

/// An element. `attributes` may hold `on: {event: handler}` and properties; a string child becomes a text node, so that
/// nothing that comes from a file, the service or a model is ever read as HTML.
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/// The same for SVG.
export function drawn(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(namespace, tag), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false && !properties.has(name)) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) made.addEventListener(event, handler);
    } else if (name === "data") {
      Object.assign(made.dataset, value);
    } else if (properties.has(name)) {
      made[name] = value;
    } else {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const icon = (name, label) =>
  drawn("svg", label ? { class: "icon", role: "img", "aria-label": label } : { class: "icon", "aria-hidden": "true" },
    drawn("use", { href: `#icon-${name}` }));

export const button = (text, handler, attributes = {}) =>
  element("button", { type: "button", on: { click: handler }, ...attributes }, text);

/// A button that shows only an icon; `label` is its name.
export const iconButton = (name, label, handler, attributes = {}) =>
  element("button", { type: "button", class: "quiet small", "aria-label": label, title: label, on: { click: handler }, ...attributes },
    icon(name));

export const byId = (id) => document.getElementById(id);

/// Replaces the content of `parent`.
export function show(parent, ...children) {
  parent.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
}

/// Replaces the options of a select and keeps what is chosen where it is still there.
export function options(select, list, chosen = select.value) {
  show(select, list.map(({ value, text, group, list: inner }) =>
    group
      ? element("optgroup", { label: group }, inner.map((item) => element("option", { value: item.value }, item.text)))
      : element("option", { value }, text)));
  if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
}

// Formats

const whole = new Intl.NumberFormat("en");
export const count = (value) => value === null || value === undefined ? "–" : whole.format(Math.round(value));
export const plural = (value, one, many = one + "s") => `${count(value)} ${value === 1 ? one : many}`;

/// Four significant digits at most; small and large numbers with an exponent.
export function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.0001 || size >= 1e7) return value.toExponential(Math.max(0, digits - 2)).replace(/\.?0+e/, "e").replace("e+", "e");
  return Number(value.toPrecision(digits + (size >= 1000 ? 2 : 0))).toString();
}

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [size, unit] = [value, 0];
  while (size >= 1000 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} min${total < 600 ? ` ${total % 60} s` : ""}`;
  const hours = Math.floor(total / 3600);
  return hours < 48 ? `${hours} h ${Math.floor(total % 3600 / 60)} min` : `${Math.floor(hours / 24)} days ${hours % 24} h`;
}

export const time = (seconds) =>
  seconds ? new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000) : "–";

export const clock = (seconds) =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(seconds * 1000);

// Parts that several sections use

/// What is shown where there is nothing yet.
export function empty(title, text, ...actions) {
  return element("div", { class: "empty" }, element("h2", {}, title), element("p", {}, text),
    actions.length ? element("div", { class: "actions" }, actions) : null);
}

export const loading = (text) =>
  element("p", { class: "loading" }, element("span", { class: "spinner", "aria-hidden": "true" }), text);

export const problem = (error, again) =>
  element("div", { class: "problem block-problem", role: "alert" }, icon("error"), element("p", {}, error.message ?? String(error)),
    again ? button("Try again", again, { class: "small" }) : null);

/// A command or a snippet with a button that copies it.
export function copyable(text, name = "Copy") {
  return element("div", { class: "copyable" }, element("pre", { tabindex: "0", role: "group", "aria-label": name.replace(/^Copy:? ?/, "") || "Text" }, text),
    iconButton("copy", name, () => copy(text)));
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    notify("Copied");
  } catch {
    notify("This browser does not let the page copy; mark the text and copy it by hand");
  }
}

/// A short message at the edge, read by screen readers.
export function notify(text, isProblem = false) {
  const toast = element("p", { class: isProblem ? "toast bad" : "toast" }, text);
  byId("toasts").append(toast);
  setTimeout(() => toast.remove(), isProblem ? 9000 : 4000);
}

/// Asks before something that cannot be undone.
export function confirm(title, text, action) {
  const dialog = byId("confirm-dialog");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = action;
  dialog.returnValue = "no";
  dialog.showModal();
  byId("confirm-no").focus();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

/// A table in a box that scrolls sideways by itself and can be reached with the keyboard.
export function table(caption, headings, rows, attributes = {}) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", attributes,
      element("caption", { class: "hidden" }, caption),
      element("thead", {}, element("tr", {}, headings.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((cell, index) =>
        index === 0 ? element("th", { scope: "row" }, cell ?? "–") : element("td", {}, cell ?? "–")))))));
}

/// Names and values.
export const facts = (list, attributes = { class: "facts" }) =>
  element("dl", attributes, list.filter((item) => item).map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value ?? "–"))));
