// The section Test: ten questions, asked to one or several models; answers are marked right or wrong, kept and compared.

import { answer } from "./answers.js";
import { button, byId, confirm, count, element, empty, icon, iconButton, notify, options, plural, show, table, time } from "./elements.js";
import { get } from "./service.js";
import { modelNamed, newId, refresh, state, stateOf, store, stored, titleOf, watch } from "./state.js";

const ofEach = 5;
const mostTests = 50;
const longestAnswer = 200;

/// `[{id, created, judge, questions: [{from, asked, messages, prompt, expected}], results: {model: [{text, mark, byHand, …}]}}]`
let tests = stored("tests", []);
/// What is being put together: own questions, the job whose held-out rows are drawn, the models to ask.
const draft = { own: own(), job: null, seed: 1, drawn: [], of: 0, models: new Set(), judge: "contains" };
let shown = null;
let running = null;

function own() {
  const kept = stored("test.own", []);
  return Array.from({ length: ofEach }, (_, index) => kept[index] ?? { asked: "", expected: "" });
}

export function start() {
  watch(["models", "jobs"], () => {
    if (!byId("test").hidden) draw();
  });
}

export function enter(model) {
  refresh("models", "jobs").catch(() => {});
  if (model) {
    shown = null;
    draft.models = new Set([model, modelNamed(model)?.luthier?.base].filter((name) => modelNamed(name)));
    draft.job = modelNamed(model)?.luthier?.job ?? draft.job;
    draft.drawn = [];
  }
  draw();
}

/// All results of a model, for the report.
export const resultsOf = (model) => tests.filter(({ results }) => results[model]).map((test) => ({ test, score: score(test, model) }));

function draw() {
  if (!state.models || !state.jobs) return;
  if (!state.models.length) {
    show(byId("test-empty"), empty("No model to ask yet", "Tune one, or fetch an open model.", element("a", { class: "button primary", href: "#/tune" }, "To Tune")));
    show(byId("test-body"));
    return;
  }
  show(byId("test-empty"));
  const focused = document.activeElement?.id;
  show(byId("test-body"), shown ? drawResult() : drawSetup(), drawKept());
  if (focused) byId(focused)?.focus();
  if (!shown) drawDrawn();
}

// Setting up

function drawSetup() {
  const jobs = state.jobs.filter((job) => stateOf(job) === "succeeded" || stateOf(job) === "paused");
  if (!jobs.some(({ id }) => id === draft.job)) draft.job = jobs[0]?.id ?? null;
  if (!draft.models.size) draft.models = new Set([state.models.find((model) => model.luthier?.kind === "tuned") ?? state.models[0]].map(({ id }) => id));
  const job = element("select", { id: "test-job", on: { change: () => {
    draft.job = job.value;
    drawRows();
  } } });
  options(job, jobs.map((one) => ({ value: one.id, text: `${titleOf(one)} (${one.model})` })), draft.job);
  const judge = element("select", { id: "test-judge", on: { change: () => { draft.judge = judge.value; } } });
  options(judge, [{ value: "contains", text: "contains the expected text" }, { value: "equals", text: "equals the expected text" }], draft.judge);
  return element("form", { class: "stack", on: { submit: (event) => {
    event.preventDefault();
    run();
  } } },
  element("fieldset", { class: "card" }, element("legend", {}, element("h2", {}, "Five questions of yours")),
    element("ol", { class: "own" }, draft.own.map((one, index) => element("li", {}, ...ownField(one, index, "asked", "Question"), ...ownField(one, index, "expected", "Expected text (may be empty)"))))),
  element("fieldset", { class: "card" }, element("legend", {}, element("h2", {}, "Five rows that no training has seen")),
    jobs.length
      ? [element("div", { class: "fields" }, element("p", { class: "field" }, element("label", { for: "test-job" }, "Held out by"), job),
        element("p", { class: "field" }, element("span", { class: "label-space", "aria-hidden": "true" }), button("Draw others", () => {
          draft.seed += 1;
          drawRows();
        }, { id: "test-draw" }))), element("div", { id: "test-drawn", "aria-live": "polite" })]
      : element("p", { class: "muted" }, "Rows are drawn from what a finished job has held out; there is none yet.")),
  element("fieldset", { class: "card" }, element("legend", {}, element("h2", {}, "Models to ask")),
    element("ul", { class: "checks" }, state.models.map(({ id }, index) => element("li", {},
      element("input", { type: "checkbox", id: `test-model-${index}`, checked: draft.models.has(id), on: { change: (event) => {
        if (event.target.checked) draft.models.add(id);
        else draft.models.delete(id);
      } } }), element("label", { for: `test-model-${index}` }, id)))),
    element("p", { class: "field inline" }, element("label", { for: "test-judge" }, "An answer is right if it"), judge)),
  element("div", { class: "bar" }, element("p", { class: "muted" }, "Temperature 0: each model's most likely answer. You can correct every mark by hand."),
    element("button", { type: "submit", class: "primary", id: "test-run" }, "Ask all")));
}

function ownField(one, index, key, label) {
  const id = `own-${index}-${key}`;
  return [element("label", { class: "hidden", for: id }, `${label} ${index + 1}`),
    element("input", { id, value: one[key], placeholder: label, autocomplete: "off", on: { input: (event) => {
      one[key] = event.target.value;
      store("test.own", draft.own);
    } } })];
}

function drawDrawn() {
  if (draft.job && (!draft.drawn.length || draft.drawnFor !== draft.job)) drawRows();
  else showRows();
}

async function drawRows() {
  const mark = draft.drawnFor = draft.job;
  try {
    const answer = await get(`/luthier/jobs/${draft.job}/questions?count=${ofEach}&seed=${draft.seed}`);
    if (mark !== draft.job) return;
    [draft.drawn, draft.of] = [answer.questions, answer.of];
    showRows();
  } catch (error) {
    if (byId("test-drawn")) show(byId("test-drawn"), element("p", { class: "problem" }, error.message));
  }
}

/// The last thing said by the user.
const asked = (question) => question.prompt ?? question.messages?.findLast(({ role }) => role === "user")?.content ?? "";

function showRows() {
  const box = byId("test-drawn");
  if (!box) return;
  show(box, draft.drawn.length
    ? [element("ol", { class: "drawn", start: String(ofEach + 1) }, draft.drawn.map((one) => element("li", {},
      element("p", {}, asked(one)), element("p", { class: "muted" }, `expected: ${one.expected.trim()}`)))),
    element("p", { class: "muted" }, `Drawn from ${plural(draft.of, "row")}.`)]
    : element("p", { class: "muted" }, "This job has held out no rows."));
}

// Asking

function run() {
  const questions = [
    ...draft.own.filter((one) => one.asked.trim()).map((one) => ({ from: "own", asked: one.asked.trim(), messages: [{ role: "user", content: one.asked.trim() }], prompt: null, expected: one.expected.trim() })),
    ...draft.drawn.map((one) => ({ from: "drawn", asked: asked(one), messages: one.messages, prompt: one.prompt, expected: one.expected.trim() })),
  ];
  const models = [...draft.models].filter(modelNamed);
  if (!questions.length || !models.length) {
    notify(questions.length ? "Choose at least one model" : "Write at least one question", true);
    return;
  }
  shown = { id: newId(), created: Date.now() / 1000, judge: draft.judge, questions, results: {} };
  tests = [shown, ...tests].slice(0, mostTests);
  askModels(models);
}

async function askModels(models) {
  const test = shown;
  running = new AbortController();
  const { signal } = running;
  for (const model of models) test.results[model] = test.questions.map(() => ({ text: "", mark: null, finish: null }));
  draw();
  byId("test-score")?.focus();
  await Promise.all(models.map(async (model) => {
    for (const [index, question] of test.questions.entries()) {
      if (signal.aborted) break;
      const one = test.results[model][index];
      const result = await answer({
        model, messages: question.messages, prompt: question.prompt, temperature: 0, maximumTokens: longestAnswer, seed: 1,
      }, (text) => {
        one.text = text;
        const said = document.querySelector(`[data-answer="${test.id} ${index} ${CSS.escape(model)}"] .said`);
        if (said) said.textContent = text;
      }, signal);
      Object.assign(one, result, { mark: result.finish === "stop" || result.finish === "length" ? judged(test, question, result.text) : null });
      if (shown === test) update(test, index, model);
    }
  }));
  // What was not answered is not part of the result.
  for (const model of models) for (const one of test.results[model]) one.finish ??= "stopped";
  running = null;
  keep();
  if (shown === test) draw();
}

function keep() {
  if (!store("tests", tests)) notify("This browser has no room to keep more tests; delete some", true);
}

const plain = (text) => text.toLowerCase().replace(/\s+/g, " ").trim().replace(/[.!?]+$/, "");

/// Right or wrong by the expected text; null where none was given.
function judged(test, { expected }, text) {
  if (!expected) return null;
  return test.judge === "equals" ? plain(text) === plain(expected) : plain(text).includes(plain(expected));
}

function score(test, model) {
  const list = test.results[model] ?? [];
  return { right: list.filter(({ mark }) => mark === true).length, wrong: list.filter(({ mark }) => mark === false).length, of: list.length };
}

// Results

function drawResult() {
  const test = shown;
  const models = Object.keys(test.results);
  const others = state.models.filter(({ id }) => !test.results[id]);
  const another = element("select", { id: "test-another" });
  options(another, others.map(({ id }) => ({ value: id, text: id })));
  return [
    element("div", { class: "card" },
      element("div", { class: "title-row" }, element("h2", { id: "test-score", tabindex: "-1" }, running ? "Asking…" : "Result"),
        element("div", { class: "actions" }, running ? button("Stop", () => running.abort()) : button("New test", () => {
          shown = null;
          draw();
        }))),
      element("div", { id: "test-scores", role: "status" }, scores(test)),
      running || !others.length ? null : element("div", { class: "inline-form" }, element("label", { for: "test-another" }, "The same questions for"), another,
        button("Ask", () => askModels([another.value]), { id: "test-ask-another" }))),
    element("ol", { class: "results" }, test.questions.map((question, index) => element("li", { class: "card" },
      element("p", { class: "asked" }, question.asked),
      element("p", { class: "muted" }, [question.from === "drawn" ? "held-out row" : "yours", question.expected ? `, expected: ${question.expected}` : ""]),
      element("div", { class: "verdicts" }, models.map((model) => drawVerdict(test, index, model)))))),
  ];
}

const scores = (test) => table("Right answers by model", ["Model", "Right", "Wrong", "Not marked"], Object.keys(test.results).map((model) => {
  const { right, wrong, of } = score(test, model);
  return [model, element("strong", {}, `${right} of ${of}`), count(wrong), count(of - right - wrong)];
}), { class: "numbers" });

function drawVerdict(test, index, model) {
  const one = test.results[model][index];
  const mark = (value, name, label) => element("button", {
    type: "button", class: `mark-button ${name}`, "aria-pressed": String(one.mark === value), disabled: one.finish === null, title: label,
    "aria-label": `${label}: question ${index + 1}, ${model}`,
    on: { click: () => {
      one.mark = one.mark === value ? null : value;
      one.byHand = true;
      keep();
      update(test, index, model, name);
    } },
  }, icon(name));
  return element("div", { class: `verdict ${one.mark === true ? "is-right" : one.mark === false ? "is-wrong" : ""}`, data: { answer: `${test.id} ${index} ${model}` }, "aria-busy": one.finish === null && running ? "true" : null },
    element("p", { class: "speaker" }, model), element("p", { class: "said" }, one.text || (one.finish === null ? "…" : one.error ?? (one.finish === "stopped" ? "(not asked)" : "(an empty answer)"))),
    element("div", { class: "marks" }, mark(true, "right", "Right"), mark(false, "wrong", "Wrong"),
      one.byHand ? element("span", { class: "muted" }, "by you") : null));
}

/// Draws one answer and the scores again; the button named keeps the focus.
function update(test, index, model, focused) {
  const old = document.querySelector(`[data-answer="${test.id} ${index} ${CSS.escape(model)}"]`);
  const fresh = drawVerdict(test, index, model);
  old?.replaceWith(fresh);
  if (focused) fresh.querySelector(`.mark-button.${focused}`).focus();
  if (byId("test-scores")) show(byId("test-scores"), scores(test));
}

// Kept tests

function drawKept() {
  const list = tests.filter((test) => test !== shown && Object.keys(test.results).length);
  if (!list.length) return null;
  return element("section", { class: "block", "aria-labelledby": "kept-title" }, element("h2", { id: "kept-title" }, "Earlier tests"),
    element("ul", { class: "rows" }, list.map((test) => element("li", {},
      element("button", { type: "button", class: "link grow", on: { click: () => {
        shown = test;
        draw();
        byId("test-score").focus();
      } } }, element("strong", {}, plural(test.questions.length, "question")), element("span", { class: "muted" }, ` ${time(test.created)} · `,
        Object.keys(test.results).map((model) => `${model}: ${score(test, model).right} right`).join(" · "))),
      iconButton("trash", `Delete the test of ${time(test.created)}`, () => removeTest(test))))));
}

async function removeTest(test) {
  if (!await confirm("Delete this test?", "Its questions, answers and marks are kept only in this browser.", "Delete")) return;
  tests = tests.filter((other) => other !== test);
  keep();
  draw();
}
