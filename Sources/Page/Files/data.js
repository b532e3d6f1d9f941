// The section Data: a file is uploaded and checked, fixes are chosen, and the fixed rows become training data.

import { beforeAndAfter } from "./difference.js";
import {
  button, byId, bytes, confirm, count, element, facts, icon, iconButton, loading, notify, number, options, plural, problem, show, table, time,
} from "./elements.js";
import { content, post, remove, upload } from "./service.js";
import { modelGroups, refresh, state, watch } from "./state.js";

const shownPlaces = 20;
const shownChanges = 4;

/// The check in progress: the file, its copy on the service, and what the user decided.
let check = null;

export function start() {
  const input = byId("drop-file");
  // A file may be dropped anywhere in the section, also while another one is shown.
  const drop = byId("data");
  input.addEventListener("change", () => {
    if (input.files.length) choose(input.files[0]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      byId("drop").classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => byId("drop").classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) choose(event.dataTransfer.files[0]);
  });
  window.addEventListener("pagehide", (event) => {
    if (!event.persisted) discard();
  });
  watch(["files"], drawFiles);
  watch(["models"], () => {
    if (check?.report) drawRow();
  });
}

export function enter() {
  if (!state.files) show(byId("files"), loading("Reading the list"));
  refresh("files").catch((error) => state.files || show(byId("files"), problem(error, enter)));
}

async function choose(file) {
  await discard();
  const limit = state.info?.uploadBytes;
  show(byId("findings"));
  if (limit && file.size > limit) {
    show(byId("check"), problem(new Error(`${file.name} has ${bytes(file.size)}; the service takes files of up to ${bytes(limit)}.`)));
    return;
  }
  const abort = new AbortController();
  check = { file, abort, raw: null, take: new Set(), leave: new Set(), promptColumn: "", completionColumn: "", share: 0.1, row: 1, base: null };
  const mine = check;
  const bar = element("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
  show(byId("check"), element("div", { class: "card working" }, element("p", {}, `Reading ${file.name} (${bytes(file.size)})`), bar,
    button("Cancel", discard, { class: "small" })));
  try {
    // What is left by a page that was closed goes after a day.
    mine.raw = await upload(file, "user_data", (share) => { bar.value = share; }, abort.signal, 86400);
    bar.removeAttribute("value");
    if (check !== mine) return;
    await prepare();
  } catch (error) {
    if (error.name === "AbortError" || check !== mine) return;
    show(byId("check"), problem(error, () => choose(file)));
  }
}

/// Removes the copy of the file as it was given.
async function discard() {
  const old = check;
  check = null;
  byId("drop").hidden = false;
  show(byId("check"));
  show(byId("findings"));
  old?.abort.abort();
  if (old?.raw) await remove(`/v1/files/${old.raw.id}`).catch(() => {});
}

const request = (write) => ({
  file: check.raw.id, base: check.base ?? firstBase(), take: [...check.take], leave: [...check.leave],
  promptColumn: check.promptColumn || null, completionColumn: check.completionColumn || null,
  validationFraction: check.share, write,
});

const firstBase = () => state.models?.find((model) => model.luthier?.trainable)?.id ?? null;

async function prepare() {
  const mine = check;
  mine.running?.abort();
  mine.running = new AbortController();
  const findings = byId("findings");
  if (mine.report) findings.setAttribute("aria-busy", "true");
  else show(byId("check"), element("div", { class: "card working" }, loading(`Checking ${mine.file.name}`), button("Cancel", discard, { class: "small" })));
  try {
    mine.report = await post("/luthier/prepare", request(false), mine.running.signal);
    if (check !== mine) return;
    draw();
  } catch (error) {
    if (error.name === "AbortError" || check !== mine) return;
    show(byId("check"), problem(error, prepare));
    if (!mine.report) show(findings);
  } finally {
    findings.removeAttribute("aria-busy");
  }
}

const kinds = { error: "error", warning: "warning", note: "note" };
const tasks = { classification: "labels", conditional: "questions with answers", openEnded: "plain text", "open-ended": "plain text" };

/// "3 errors, 1 warning".
function verdict(report) {
  const parts = Object.entries(kinds).map(([severity, name]) => {
    const found = report.findings.filter((finding) => finding.severity === severity).length;
    return found ? plural(found, `kind of ${name}`, `kinds of ${name}s`) : null;
  }).filter(Boolean);
  return parts.length ? parts.join(", ") : "Nothing to fix";
}

function draw() {
  const { report, file } = check;
  const { after } = report;
  const opened = new Set([...document.querySelectorAll("#findings details[open]")].map((node) => node.dataset.rule));
  const focused = document.activeElement?.id;
  byId("drop").hidden = true;
  show(byId("check"), element("p", { class: "hidden" }, `${file.name}: ${verdict(report)}. ${plural(after.kept, "row")} would be kept.`));
  show(byId("findings"),
    element("div", { class: "card" },
      element("div", { class: "title-row" },
        element("div", {}, element("h2", { id: "checked", tabindex: "-1" }, file.name), element("p", { class: "muted" }, verdict(report))),
        button("Choose another file", () => {
          discard();
          byId("drop-file").focus();
        }, { class: "small" })),
      facts([
        ["Rows read", count(report.read)], ["Rows kept", count(after.kept)],
        ["To train on", count(after.train)], ["Held out", count(after.validation)],
        ["Tokens", count(report.tokens)], ["Size", bytes(report.bytes)],
        tasks[report.task] && ["Looks like", tasks[report.task]],
        report.labels?.length ? ["Labels", report.labels.slice(0, 6).map(({ label, rows }) => `${label} (${count(rows)})`).join(", ")] : null,
      ]),
      settings()),
    element("ul", { class: "findings", "aria-label": "Findings" }, report.findings.map((finding) => drawFinding(finding, opened))),
    report.toAll.length ? element("div", { class: "card" }, element("h3", {}, "Changes to all rows"),
      element("ul", {}, report.toAll.map((text) => element("li", {}, text)))) : null,
    element("section", { class: "card", id: "as-seen", "aria-labelledby": "as-seen-title" }),
    element("div", { class: "bar" },
      element("p", {}, after.remaining ? [icon("warning"), after.remaining.replace(/^remains: /, "Left to correct by hand: ")] : `${plural(after.train, "row")} to train on, ${count(after.validation)} held out`),
      button(after.changed || report.read !== after.kept || report.toAll.length ? "Save with these fixes" : "Save as training data", save,
        { class: "primary", id: "save-data", disabled: after.kept === 0 })));
  drawRow();
  byId(focused)?.focus();
}

function drawFinding(finding, opened) {
  const { report } = check;
  const places = finding.places ?? [];
  const changes = report.changes.filter(({ rules }) => rules.includes(finding.rule));
  const id = `take-${finding.rule}`;
  const choice = report.acceptable.includes(finding.rule)
    ? element("p", { class: "take" },
      element("input", { type: "checkbox", id, checked: finding.accepted, on: { change: (event) => decide(finding, event.target.checked) } }),
      element("label", { for: id }, `Fix: ${finding.fix}`))
    : element("p", { class: "take" }, finding.accepted && finding.mendable ? `Always: ${finding.fix}` : `Advice: ${finding.fix}`);
  return element("li", { class: `finding ${finding.severity}` },
    element("div", { class: "finding-head" }, icon(finding.severity, finding.severity),
      element("h3", {}, sentence(finding.rule)), element("span", { class: "times" }, plural(finding.count, "place"))),
    element("p", {}, `Effect: ${finding.effect}.`),
    finding.follows ? element("p", { class: "muted" }, `Often follows from “${sentence(finding.follows)}”.`) : null,
    choice,
    finding.harm ? element("p", { class: "harm" }, icon("warning"), `Not taken by itself: ${finding.harm}.`) : null,
    element("details", { class: "plain", data: { rule: finding.rule }, open: opened.has(finding.rule) },
      element("summary", {}, changes.length ? "Lines, before and after" : "Lines"),
      places.length ? table(`Places of ${sentence(finding.rule)}`, ["Line", "Column", "What"],
        places.slice(0, shownPlaces).map(({ line, column, message }) => [count(line), count(column), message])) : null,
      finding.count > Math.min(places.length, shownPlaces)
        ? element("p", { class: "muted" }, `and ${count(finding.count - Math.min(places.length, shownPlaces))} more`) : null,
      changes.slice(0, shownChanges).map(({ line, before, after }) => element("div", {}, element("p", { class: "muted" }, `Line ${count(line)}`), beforeAndAfter(before, after)))));
}

const sentence = (rule) => {
  const text = rule.replaceAll("-", " ").replace(/\b(json|csv|utf|bom|url)\b/g, (name) => name.toUpperCase());
  return text[0].toUpperCase() + text.slice(1);
};

function decide(finding, taken) {
  check.take.delete(finding.rule);
  check.leave.delete(finding.rule);
  if (taken !== finding.taken) (taken ? check.take : check.leave).add(finding.rule);
  prepare();
}

function settings() {
  const field = (name, label, attributes, hint) => {
    const id = `check-${name}`;
    return element("p", { class: "field" }, element("label", { for: id }, label),
      element("input", { id, value: String(check[name]), ...attributes, on: { change: (event) => {
        check[name] = name === "share" ? Math.min(0.9, Math.max(0, Number(event.target.value) || 0)) : event.target.value.trim();
        prepare();
      } } }), element("span", { class: "hint" }, hint));
  };
  return element("details", { class: "plain", data: { rule: "settings" }, open: check.settingsOpen ?? false,
    on: { toggle: (event) => { if (check) check.settingsOpen = event.target.open; } } },
    element("summary", {}, "How to read and divide it"),
    element("div", { class: "fields" },
      field("share", "Part held out", { type: "number", min: "0", max: "0.9", step: "0.05" }, "0.1 is a tenth; no training sees it"),
      field("promptColumn", "Column of the prompt", { autocomplete: "off" }, "only for tables and unusual keys"),
      field("completionColumn", "Column of the answer", { autocomplete: "off" }, "by name, or by number without a header")));
}

// A row as the model sees it

function drawRow() {
  const box = byId("as-seen");
  if (!box) return;
  const select = element("select", { id: "as-seen-base", on: { change: () => {
    check.base = select.value;
    loadRow();
  } } });
  options(select, modelGroups(state.models?.filter((model) => model.luthier?.trainable && model.luthier.kind === "base") ?? []), check.base ?? firstBase());
  const at = element("input", { id: "as-seen-row", type: "number", min: "1", value: String(check.row), on: { change: () => step(Number(at.value)) } });
  const step = (row) => {
    check.row = Math.max(1, Math.min(row || 1, check.rows ?? row ?? 1));
    at.value = String(check.row);
    loadRow();
  };
  show(box, element("h3", { id: "as-seen-title" }, "As the model sees it"),
    select.options.length
      ? [element("div", { class: "fields" },
        element("p", { class: "field" }, element("label", { for: "as-seen-base" }, "Base"), select),
        element("div", { class: "field" }, element("label", { for: "as-seen-row" }, "Row"), element("div", { class: "stepper" },
          button("‹", () => step(check.row - 1), { "aria-label": "Row before", class: "small" }), at,
          button("›", () => step(check.row + 1), { "aria-label": "Row after", class: "small" })))),
      element("div", { id: "as-seen-tokens", "aria-live": "polite" })]
      : element("p", { class: "muted" }, "A base model is needed to show its tokens."));
  if (select.options.length) loadRow();
}

async function loadRow() {
  const mine = check;
  const box = byId("as-seen-tokens");
  try {
    const row = await post("/luthier/rows", { file: mine.raw.id, model: mine.base ?? firstBase(), row: mine.row });
    if (check !== mine || row.row !== mine.row) return;
    mine.rows = row.rows;
    byId("as-seen-row").max = String(row.rows);
    show(box,
      element("p", { class: "muted" }, `Row ${count(row.row)} of ${count(row.rows)}, line ${count(row.line)}: ${plural(row.total, "token")}, `,
        element("mark", {}, `${count(row.trained)} of them trained`), row.cut ? ". Only the start is shown." : "."),
      element("p", { class: "tokens", tabindex: "0", role: "group", "aria-label": "Tokens of the row" }, row.tokens.map(({ text, weight }) =>
        weight > 0 ? element("mark", { title: weight < 1 ? `weight ${number(weight)}` : null, class: weight < 1 ? "partly" : null }, text) : element("span", {}, text))));
  } catch (error) {
    if (check === mine && box) show(box, element("p", { class: "muted" }, `This row cannot be read as it is: ${error.message}`));
  }
}

// Saving

async function save() {
  const mine = check;
  const saving = byId("save-data");
  saving.disabled = true;
  try {
    const { written } = await post("/luthier/prepare", request(true));
    await refresh("files");
    if (check !== mine) return;
    await discard();
    show(byId("check"), element("div", { class: "card done", tabindex: "-1", id: "saved" }, icon("right"),
      element("div", {}, element("h2", {}, `${written.trainingFile.filename} is ready`),
        element("p", { class: "muted" }, written.validationFile ? `and ${written.validationFile.filename} with the rows held out` : "without rows held out")),
      element("a", { class: "button primary", href: tuneLink(written.trainingFile, written.validationFile) }, "Tune with it")));
    byId("saved").focus();
  } catch (error) {
    saving.disabled = false;
    notify(error.message, true);
  }
}

const tuneLink = (training, validation) => `#/tune/${training.id}${validation ? `/${validation.id}` : ""}`;

// The files of the service

function drawFiles() {
  const files = state.files.filter(({ purpose }) => purpose.startsWith("fine-tune"));
  if (!files.length) {
    show(byId("files"), element("p", { class: "muted" }, "None yet. Files that you save appear here."));
    return;
  }
  show(byId("files"), element("ul", { class: "rows" }, files.map((file) => {
    const held = state.files.find(({ filename }) => filename === file.filename.replace(/\.jsonl$/, "-validation.jsonl"));
    const whole = state.files.find(({ filename }) => file.filename === filename.replace(/\.jsonl$/, "-validation.jsonl") && filename !== file.filename);
    const isResult = file.purpose === "fine-tune-results";
    return element("li", {},
      element("div", { class: "grow" }, element("strong", {}, file.filename),
        element("span", { class: "muted" }, [file.luthier?.rows ? plural(file.luthier.rows, "row") : null, bytes(file.bytes), time(file.created_at),
          isResult ? "result of a job" : whole ? `held out of ${whole.filename}` : null].filter(Boolean).join(" · "))),
      isResult || whole ? null : element("a", { class: "button small", href: tuneLink(file, held), "aria-label": `Tune with ${file.filename}` }, "Tune"),
      button("Download", () => download(file), { class: "small quiet", "aria-label": `Download ${file.filename}` }),
      iconButton("trash", `Delete ${file.filename}`, () => removeFile(file)));
  })));
}

async function download(file) {
  try {
    const link = element("a", { href: URL.createObjectURL(await content(file.id)), download: file.filename });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    notify(error.message, true);
  }
}

async function removeFile(file) {
  if (!await confirm("Delete this file?", `${file.filename} is removed from the service. Models that learned from it stay.`, "Delete")) return;
  try {
    await remove(`/v1/files/${file.id}`);
    await refresh("files");
    notify(`${file.filename} was deleted`);
  } catch (error) {
    notify(error.message, true);
  }
}
