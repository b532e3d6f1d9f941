// The section Tune: data and a base are chosen; the suggested values, each with its reason, can be changed; a job starts.

import { button, byId, bytes, copyable, count, duration, element, empty, facts, loading, notify, options, plural, show } from "./elements.js";
import { post } from "./service.js";
import { modelGroups, modelNamed, putJob, refresh, state, watch } from "./state.js";

/// What the config keys mean that `luthier tune` chooses; others are shown by their name.
const keys = {
  "method.rank": { label: "Adapter rank", kind: "integer", least: 1, most: 4096 },
  "method.alpha": { label: "Adapter strength (alpha)", kind: "number", least: 0 },
  "method.targets": { label: "Adapted layers", kind: "json" },
  "method.baseWeights": { label: "Base held as", kind: "choice", values: ["f32", "bf16", "int8", "q4"] },
  "training.learningRate": { label: "Learning rate", kind: "number", least: 0 },
  "training.batchSize": { label: "Rows per batch", kind: "integer", least: 1 },
  "training.accumulation": { label: "Batches per step", kind: "integer", least: 1 },
  "training.epochs": { label: "Epochs", kind: "integer", least: 1 },
  "training.schedule": { label: "Learning rate over time", kind: "choice", values: ["constant", "linear", "cosine", "wsd"] },
  "training.earlyStoppingPatience": { label: "Patience (evaluations)", kind: "integer", least: 1 },
  "training.recomputeActivations": { label: "Compute activations again", kind: "choice", values: [true, false] },
  "evaluation.every": { label: "Steps between evaluations", kind: "integer", least: 1 },
  "evaluation.batchSize": { label: "Rows per evaluation batch", kind: "integer", least: 1 },
  "generation.maximumTokens": { label: "Longest answer (tokens)", kind: "integer", least: 1 },
  "generation.temperature": { label: "Temperature", kind: "number", least: 0 },
  "model.contextLength": { label: "Context length (tokens)", kind: "integer", least: 1 },
  "data.overlong": { label: "Rows that are too long", kind: "choice", values: ["error", "drop", "truncate-prompt", "truncate-answer", "split"] },
};

const groups = [
  ["How long", ["training.epochs", "training.earlyStoppingPatience", "evaluation.every"]],
  ["How fast", ["training.learningRate", "training.schedule", "training.batchSize", "training.accumulation"]],
  ["Adapters", ["method.rank", "method.alpha", "method.targets", "method.baseWeights"]],
  ["Answers", ["generation.maximumTokens", "generation.temperature"]],
];

/// Values that the user has set, by key.
let set = {};
let suggestion = null;
let running = null;
let timer = null;
let wanted = null;
const form = byId("tune-form");

export function start() {
  watch(["models", "files"], drawForm);
  for (const name of ["training", "validation", "base"]) {
    form.elements[name].addEventListener("change", () => {
      if (name === "training") chooseHeldOut();
      set = {};
      ask(0);
    });
  }
  for (const radio of form.elements.method) {
    radio.addEventListener("change", () => {
      set = Object.fromEntries(Object.entries(set).filter(([key]) => !key.startsWith("method.")));
      if (radio.value !== suggested("method.type")) set["method.type"] = radio.value;
      ask(0);
    });
  }
  form.elements.suffix.addEventListener("input", drawName);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    startJob();
  });
}

/// The value before any change by the user.
const suggested = (key) => suggestion?.first?.[key];

export function enter(training, validation) {
  if (training) wanted = { training, validation: validation ?? "" };
  if (!state.models || !state.files) show(byId("tune-empty"), loading("Reading models and files"));
  refresh("models", "files").then(drawForm).catch(() => {});
}

const trainingFiles = () => (state.files ?? []).filter(({ purpose }) => purpose === "fine-tune");

function drawForm() {
  if (!state.models || !state.files) return;
  const bases = state.models.filter((model) => model.luthier?.trainable ?? true);
  const files = trainingFiles();
  form.hidden = !bases.length || !files.length;
  if (!bases.length) {
    show(byId("tune-empty"), empty("No base model yet", "Fetch one in a terminal; this page finds it by itself:",
      copyable(`luthier fetch ${state.info?.fetchable?.[0] ?? "smollm2-135m"}`, "Copy the command")));
    return;
  }
  if (!files.length) {
    show(byId("tune-empty"), empty("No training data yet", "Drop a file in Data first: it is checked, fixed and saved there.",
      element("a", { class: "button primary", href: "#/data" }, "To Data")));
    return;
  }
  show(byId("tune-empty"));
  const list = files.map((file) => ({ value: file.id, text: `${file.filename}${file.luthier?.rows ? ` (${plural(file.luthier.rows, "row")})` : ""}` }));
  const { training, validation, base } = form.elements;
  const before = [training.value, validation.value, base.value].join();
  const isFirst = !training.value;
  options(training, list, wanted?.training ?? (training.value || firstTraining(files)));
  options(validation, [{ value: "", text: "A tenth of the training data" }, ...list], wanted?.validation ?? validation.value);
  options(base, modelGroups(bases));
  if (isFirst && !wanted) chooseHeldOut();
  if (wanted) set = {};
  wanted = null;
  drawName();
  if ([training.value, validation.value, base.value].join() !== before) ask(0);
}

const firstTraining = (files) => (files.find(({ filename }) => !/valid|test/.test(filename)) ?? files[0]).id;

/// The file that was saved together with the training data.
function chooseHeldOut() {
  const file = trainingFiles().find(({ id }) => id === form.elements.training.value);
  const name = file?.filename.replace(/\.jsonl$/, "-validation.jsonl");
  form.elements.validation.value = trainingFiles().find(({ filename }) => filename === name)?.id ?? "";
}

function drawName() {
  const { suffix, base } = form.elements;
  const clean = suffix.value.trim().toLowerCase().replace(/[\p{P}\s]+/gu, "-").replace(/^-|-$/g, "");
  const from = modelNamed(base.value)?.luthier?.base ?? base.value;
  byId("tune-name").textContent = `ft:${from}:…:${clean || "…"}:…`;
}

const request = () => ({
  model: form.elements.base.value, trainingFile: form.elements.training.value,
  validationFile: form.elements.validation.value || null, set,
});

/// Asks for the suggestion, then for a measured estimate.
function ask(delay = 400) {
  clearTimeout(timer);
  running?.abort();
  const abort = running = new AbortController();
  timer = setTimeout(async () => {
    problemAt(null);
    const subject = [request().model, request().trainingFile, request().validationFile].join();
    if (suggestion?.subject !== subject) {
      suggestion = null;
      show(byId("tune-choices"), loading("Looking at your data"));
    }
    show(byId("tune-estimate"), loading("Estimating"));
    try {
      const answer = await post("/luthier/tune", { ...request(), measure: false }, abort.signal);
      if (abort.signal.aborted) return;
      const first = suggestion?.first ?? Object.fromEntries(answer.choices.map(({ key, value }) => [key, value]));
      suggestion = { subject, first: { ...Object.fromEntries(answer.choices.filter(({ key }) => !(key in set)).map(({ key, value }) => [key, value])), ...first }, ...answer };
      drawChoices();
      drawEstimate(answer.estimate, true);
      const measured = await post("/luthier/tune", { ...request(), measure: true }, abort.signal);
      if (!abort.signal.aborted) drawEstimate(measured.estimate, false);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (suggestion) drawChoices();
      else show(byId("tune-choices"), element("p", { class: "muted" }, "No values without a suggestion."));
      show(byId("tune-estimate"), element("p", { class: "muted" }, "No estimate yet."));
      problemAt(error);
    }
  }, delay);
}

/// Shows an error next to the field that it names, else above Start; `isFocused` leads there.
function problemAt(error, isFocused = false) {
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const old of form.querySelectorAll(".field-problem")) old.remove();
  const text = byId("tune-problem");
  text.hidden = !error;
  show(text);
  if (!error) return;
  const names = { training_file: "training", trainingFile: "training", validation_file: "validation", validationFile: "validation", model: "base", suffix: "suffix", "luthier.samples": "samples" };
  const key = (error.param ?? "").replace(/^(luthier\.)?set\./, "");
  const field = names[error.param] ? form.elements[names[error.param]] : error.param && byId(fieldId(key));
  if (!field) {
    show(text, error.message);
    return;
  }
  const label = field.labels[0].textContent;
  field.setAttribute("aria-invalid", "true");
  field.parentElement.append(element("span", { class: "problem field-problem" }, error.message));
  show(text, `${label}: ${error.message} `, button("Go to this value", () => field.focus(), { class: "link" }));
  if (isFocused) field.focus();
}

const fieldId = (key) => `set-${key.replace(".", "-")}`;

function drawChoices() {
  // Where the last answer was an error, a value of the user is not in it yet.
  const choices = new Map(suggestion.choices.map((choice) => [choice.key, choice.key in set ? { ...choice, value: set[choice.key] } : choice]));
  const method = choices.get("method.type");
  const type = method?.value ?? "lora";
  for (const radio of form.elements.method) radio.checked = radio.value === type;
  byId("tune-method-reason").textContent = method && !("method.type" in set) ? `Suggested: ${method.reason}.` : "Chosen by you.";
  choices.delete("method.type");
  if (type === "full") for (const key of [...choices.keys()]) if (key.startsWith("method.")) choices.delete(key);
  const focused = document.activeElement?.id;
  const parts = groups.map(([name, list]) => {
    const present = list.filter((key) => choices.has(key)).map((key) => choices.get(key));
    for (const { key } of present) choices.delete(key);
    return [name, present];
  });
  parts.push(["Memory and more", [...choices.values()]]);
  show(byId("tune-choices"), parts.filter(([, list]) => list.length).map(([name, list]) =>
    element("div", { class: "values" }, element("h3", {}, name), list.map(drawValue))));
  if (focused) byId(focused)?.focus();
}

function drawValue({ key, value, reason }) {
  const known = keys[key] ?? { label: key, kind: "json" };
  const id = fieldId(key);
  const isMine = key in set;
  const change = (event) => {
    const next = read(event.target, known);
    if (next === undefined || JSON.stringify(next) === JSON.stringify(suggested(key))) delete set[key];
    else set[key] = next;
    ask();
  };
  const shown = known.kind === "json" ? JSON.stringify(value) : String(value);
  const input = known.kind === "choice"
    ? element("select", { id, on: { change } }, [...new Set([...known.values, value])].map((one) => element("option", { value: JSON.stringify(one), selected: one === value }, String(one))))
    : element("input", {
      id, value: shown, "aria-describedby": `${id}-reason`, autocomplete: "off", on: { change },
      type: known.kind === "json" ? "text" : "number", step: known.kind === "integer" ? "1" : "any", min: known.least, max: known.most,
    });
  return element("div", { class: isMine ? "value mine" : "value" },
    element("label", { for: id, title: key }, known.label), input,
    element("p", { class: "reason", id: `${id}-reason` }, isMine
      ? [`Yours; suggested was ${JSON.stringify(suggested(key)) ?? "nothing"}. `, button("Use the suggestion", () => {
        delete set[key];
        ask(0);
      }, { class: "link" })]
      : reason));
}

/// The value of a field; undefined where it is empty or not valid.
function read(field, known) {
  if (known.kind === "choice") return JSON.parse(field.value);
  if (!field.value.trim()) return undefined;
  if (known.kind === "json") {
    try { return JSON.parse(field.value); } catch { return field.value; }
  }
  return Number(field.value);
}

function drawEstimate(estimate, isMeasuring) {
  const need = estimate.peakMemoryBytes ?? estimate.estimatedMemoryBytes;
  const share = estimate.availableBytes ? need / estimate.availableBytes : null;
  show(byId("tune-estimate"),
    element("p", { class: "big" }, estimate.seconds !== null ? `about ${duration(estimate.seconds)}` : isMeasuring ? loading("Measuring a few steps") : "time not measured"),
    estimate.note ? element("p", { class: "muted" }, sentence(estimate.note)) : null,
    facts([
      ["Steps", `${count(estimate.steps)}${estimate.stepsPerEpoch ? `, ${count(estimate.stepsPerEpoch)} an epoch` : ""}`],
      ["Rows", `${count(suggestion.rows)}, ${count(suggestion.heldOut)} held out`],
      estimate.tokensPerSecond ? ["Tokens per second", count(estimate.tokensPerSecond)] : null,
      ["Memory", bytes(need)],
      estimate.checkpointBytes ? ["Each checkpoint", bytes(estimate.checkpointBytes)] : null,
    ], { class: "facts column" }),
    share === null ? null : [element("meter", { min: 0, max: 1, high: 0.8, optimum: 0.3, value: Math.min(1, share), "aria-label": "Memory needed, of what is free" }),
      element("p", { class: share > 1 ? "problem" : "muted" }, share > 1
        ? `Only ${bytes(estimate.availableBytes)} are free: the job would not start.` : `of ${bytes(estimate.availableBytes)} that are free`)]);
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1);

async function startJob() {
  const { training, validation, base, suffix, samples } = form.elements;
  const questions = samples.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const starting = byId("tune-start");
  starting.disabled = true;
  problemAt(null);
  try {
    const job = await post("/v1/fine_tuning/jobs", {
      model: base.value, training_file: training.value, ...(validation.value ? { validation_file: validation.value } : {}),
      ...(suffix.value.trim() ? { suffix: suffix.value.trim() } : {}),
      method: { type: "supervised", supervised: { hyperparameters: { n_epochs: "auto", batch_size: "auto", learning_rate_multiplier: "auto" } } },
      luthier: { set, samples: questions },
    });
    putJob(job);
    notify("The job is in line");
    location.hash = `#/jobs/${job.id}`;
  } catch (error) {
    problemAt(error, true);
  } finally {
    starting.disabled = false;
  }
}
