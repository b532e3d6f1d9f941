// The section Report: what a job was: model, data, curves, base against tuned, tests, choices, and commands that repeat it.

import { answer } from "./answers.js";
import { JobCharts } from "./chart.js";
import {
  button, byId, bytes, copyable, count, duration, element, empty, facts, loading, notify, number, options, plural, problem, show, table, time,
} from "./elements.js";
import { badge, RunLog, samplesList } from "./jobs.js";
import { get } from "./service.js";
import { modelNamed, refresh, state, stateOf, titleOf, watch } from "./state.js";
import { resultsOf } from "./test.js";

const comparedRows = 8;
const shownRemarks = 100;
let shown = null;

export function start() {
  byId("report-job").addEventListener("change", (event) => { location.hash = `#/report/${event.target.value}`; });
  watch(["jobs"], () => {
    if (!byId("report").hidden) drawChoice();
  });
}

export function enter(id) {
  shown = id ?? null;
  if (!state.jobs) show(byId("report-body"), loading("Reading"));
  refresh("jobs").then(() => open()).catch((error) => show(byId("report-body"), problem(error, () => enter(id))));
}

function drawChoice() {
  byId("report-choice").hidden = !state.jobs.length;
  options(byId("report-job"), state.jobs.map((job) => ({ value: job.id, text: `${titleOf(job)} (${time(job.created_at)})` })), shown ?? "");
}

async function open() {
  const { jobs } = state;
  if (!jobs.length) {
    drawChoice();
    show(byId("report-body"), empty("No job to report on", "When a job has run, this tells what it was and how to repeat it.",
      element("a", { class: "button primary", href: "#/tune" }, "To Tune")));
    return;
  }
  const usual = jobs.find((job) => stateOf(job) === "succeeded") ?? jobs[0];
  shown ??= usual.id;
  drawChoice();
  const id = shown;
  show(byId("report-body"), loading("Reading the report"));
  try {
    const report = await get(`/luthier/jobs/${encodeURIComponent(id)}/report`);
    if (id === shown) draw(report);
  } catch (error) {
    if (id === shown) show(byId("report-body"), problem(error, open));
  }
}

const block = (title, ...content) => element("section", { class: "card" }, element("h2", {}, title), content);

function draw(report) {
  const { job, result, machine } = report;
  const log = new RunLog();
  log.merge(report);
  const charts = new JobCharts();
  const live = job.luthier ?? {};
  show(byId("report-body"), element("article", { class: "stack" },
    element("section", { class: "card" },
      element("div", { class: "title-row" }, element("div", {}, element("h2", {}, titleOf(job), " ", badge(job)), element("p", { class: "muted" }, job.fine_tuned_model ?? job.id)),
        element("div", { class: "actions print-off" }, button("Print", () => window.print()), button("Save as JSON", () => save(report)))),
      job.error?.message ? problem(job.error) : null,
      facts([
        ["Base", job.model], ["Started", time(job.created_at)], ["Ended", time(job.finished_at)], ["Trained for", duration(result?.seconds ?? live.seconds)],
        ["Steps", `${count(result?.steps ?? live.step)}${result?.stopped === "earlyStopping" ? ", stopped early" : ""}`], ["Epochs", number(result?.epochs ?? live.epoch)],
        ["Tokens per second", count(result?.tokensPerSecond ?? live.tokensPerSecond)], ["Most memory", bytes(result?.peakMemoryBytes ?? live.peakMemoryBytes)],
        ["Seed", String(job.seed ?? "–")],
      ]),
      machine ? element("p", { class: "muted made-with" }, `Made with Luthier ${machine.version}: `,
        [plural(machine.threads, "thread"), machine.precision, machine.processor].filter(Boolean).join(", ")) : null),
    against(report),
    element("section", { class: "card" }, element("h2", {}, "Curves"), charts.element),
    tests(job),
    report.samples.length ? block("Answers along the way", samplesList(report.samples)) : null,
    ledger(report.ledger),
    report.choices.length ? block("What was chosen, and why", table("Choices", ["Key", "Value", "Reason"], report.choices.map(({ key, value, reason }) =>
      [element("code", {}, key), JSON.stringify(value), reason]), { class: "reasons" })) : null,
    block("Do it again", report.commands.map(({ title, command }) => element("div", {}, element("h3", {}, title), copyable(command, `Copy: ${title}`))),
      report.config ? element("details", { class: "plain" }, element("summary", {}, "The complete config"), copyable(JSON.stringify(report.config, null, 2), "Copy: the config")) : null)));
  charts.update(log.metrics, log.timings);
}

// Base against tuned

function against(report) {
  const { basePerplexity: before, bestPerplexity: after, job } = report;
  const answers = element("div", { "aria-live": "polite" });
  const canAsk = job.fine_tuned_model && modelNamed(job.fine_tuned_model) && modelNamed(job.model);
  const ask = canAsk && !report.answers.length
    ? button("Ask both", (event) => {
      event.target.remove();
      compare(job, answers);
    }, { class: "print-off", id: "report-compare" }) : null;
  show(answers, answerTable(report.answers));
  return block("Base against tuned",
    before || after ? facts([
      ["Perplexity held out, before", number(before)], ["Perplexity held out, best", number(after)],
      before && after ? ["Changed by", `${number((after / before - 1) * 100, 2).replace("-", "−")} %`] : null,
    ]) : null,
    before && after && after >= before ? element("p", { class: "harm" }, "Training has not improved the base: more or other data may.") : null,
    report.answers.length || canAsk ? null : element("p", { class: "muted" }, "Answers are compared when the job has made a model."), answers, ask);
}

const answerTable = (list) => list.length ? element("ol", { class: "against" }, list.map(({ asked, wanted, base, tuned }) => element("li", {},
  element("p", { class: "asked" }, asked),
  facts([["Wanted", wanted], ["Base", base ?? "…"], ["Tuned", tuned ?? "…"]], { class: "facts column" })))) : null;

/// Asks both models what was held out.
async function compare(job, box) {
  show(box, loading("Asking both models"));
  try {
    const { questions } = await get(`/luthier/jobs/${job.id}/questions?count=${comparedRows}&seed=1`);
    if (!questions.length) {
      show(box, element("p", { class: "muted" }, "This job has held out no rows."));
      return;
    }
    const list = questions.map((question) => ({
      asked: question.prompt ?? question.messages.findLast(({ role }) => role === "user")?.content, wanted: question.expected.trim(), base: null, tuned: null,
    }));
    for (const [index, question] of questions.entries()) {
      const texts = await Promise.all([job.model, job.fine_tuned_model].map((model) => answer({
        model, messages: question.messages, prompt: question.prompt, temperature: 0, maximumTokens: 128, seed: 1,
      })));
      const [base, tuned] = texts.map(({ text, error }) => error ?? text.trim());
      Object.assign(list[index], { base, tuned });
      show(box, answerTable(list));
    }
  } catch (error) {
    show(box, problem(error));
  }
}

function tests(job) {
  const list = job.fine_tuned_model ? resultsOf(job.fine_tuned_model) : [];
  if (!list.length) return null;
  return block("Your tests of it", table("Tests", ["When", "Right", "Others"], list.map(({ test, score }) => [
    time(test.created), `${score.right} of ${score.of}`,
    Object.entries(test.results).filter(([model]) => model !== job.fine_tuned_model).map(([model, marks]) => `${model}: ${marks.filter(({ mark }) => mark).length}`).join(", ") || "–",
  ])));
}

// The data ledger

function ledger(data) {
  if (!data) return null;
  const remarks = Object.values(data.splits ?? {}).flatMap((split) => [...(split.cutDocuments ?? []), ...(split.droppedDocuments ?? [])]);
  return block("What the data was",
    table("Files", ["File", "For", "Lines", "Size"], (data.files ?? []).map((file) => [file.file, file.split, count(file.lines), bytes(file.bytes)])),
    table("What happened to the rows", ["Split", "Read", "Used in full", "Cut", "Dropped", "Tokens", "Predicted tokens"],
      Object.entries(data.splits ?? {}).map(([name, split]) => [name, count(split.read), count(split.trained), count(split.cut), count(split.dropped), count(split.tokens), count(split.predictions)]), { class: "numbers" }),
    remarks.length ? element("details", { class: "plain" }, element("summary", {}, `${plural(remarks.length, "row")} cut or dropped`),
      table("Rows cut or dropped", ["File", "Line", "Reason"], remarks.slice(0, shownRemarks).map(({ file, line, reason }) => [file, count(line), reason]))) : null,
    data.sha256 ? element("p", { class: "muted" }, "SHA-256 of all data: ", element("code", {}, data.sha256)) : null);
}

function save(report) {
  const link = element("a", { href: URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" })), download: `${report.job.id}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  notify("The report was saved");
}
