// The section Jobs: the list, and one job live: progress, curves, samples, checkpoints, events, pause, resume, cancel.

import { JobCharts } from "./chart.js";
import {
  button, byId, bytes, clock, confirm, count, duration, element, empty, facts, loading, notify, number, problem, show, table, time,
} from "./elements.js";
import { Disconnected, get, post } from "./service.js";
import { isActive, isOver, putJob, refresh, state, stateOf, titleOf, watch } from "./state.js";

const everySeconds = 1;

const words = {
  validating: "Checking files", queued: "Waiting", running: "Training", pausing: "Pausing", paused: "Paused",
  cancelling: "Cancelling", succeeded: "Done", failed: "Failed", cancelled: "Cancelled",
};

export const badge = (job) => element("span", { class: `badge ${stateOf(job)}` }, words[stateOf(job)] ?? stateOf(job));

/// Lines of a run's logs, merged by step: after a resume the service sends lines again, with the same values.
export class RunLog {
  constructor() { this.clear(); }

  clear() {
    [this.training, this.evaluations, this.times] = [new Map(), new Map(), new Map()];
    [this.samples, this.messages, this.last] = [[], [], 0];
  }

  merge({ metrics = [], timings = [], samples = [], messages = [] }, from = 0) {
    // A third kind of line, the loss of one held-out batch, has the step of a training line and is not drawn.
    for (const line of metrics) {
      if ("validationLoss" in line) this.evaluations.set(line.step, line);
      else if ("learningRate" in line) this.training.set(line.step, line);
    }
    for (const line of timings) this.times.set(line.step, line);
    this.samples = [...this.samples.filter(({ step }) => step < from), ...samples];
    this.messages = messages;
    this.last = Math.max(this.last, ...metrics.map(({ step }) => step));
  }

  get metrics() { return sorted([...this.training.values(), ...this.evaluations.values()]); }
  get timings() { return sorted([...this.times.values()]); }
}

const sorted = (lines) => lines.sort((one, two) => one.step - two.step);

let shown = null;
let isVisible = false;
let timer = null;

export function start() {
  watch(["jobs"], () => {
    if (isVisible) drawList();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isVisible) follow();
  });
}

export function enter(id) {
  isVisible = true;
  if (!state.jobs) show(byId("jobs-list"), loading("Reading the list"));
  else drawList();
  refresh("jobs").then(() => open(id)).catch((error) => state.jobs || show(byId("jobs-list"), problem(error, () => enter(id))));
  if (state.jobs) open(id);
}

export function leave() {
  isVisible = false;
  clearTimeout(timer);
}

function drawList() {
  const { jobs } = state;
  if (!jobs.length) {
    show(byId("job"));
    show(byId("jobs-list"), empty("No jobs yet", "A job appears here when you start one in Tune.",
      element("a", { class: "button primary", href: "#/tune" }, "To Tune")));
    return;
  }
  show(byId("jobs-list"), element("ul", { class: "rows jobs" }, jobs.map((job) => {
    const { luthier } = job;
    return element("li", { class: job.id === shown?.job.id ? "current" : null },
      element("a", { class: "grow", href: `#/jobs/${job.id}`, "aria-current": job.id === shown?.job.id ? "true" : null },
        element("strong", {}, titleOf(job)), element("span", { class: "muted" }, `${job.model} · ${time(job.created_at)}`)),
      luthier?.steps && !isOver(job)
        ? element("progress", { max: luthier.steps, value: luthier.step, "aria-label": `Progress of ${titleOf(job)}` }) : null,
      badge(job));
  })));
}

/// Shows one job; the newest where none is named.
function open(id) {
  if (!isVisible) return;
  const job = state.jobs?.find((one) => one.id === id) ?? (id ? { id, unknown: true } : state.jobs?.[0]);
  if (!job) return;
  if (shown?.job.id === job.id) return follow();
  shown = { job, log: new RunLog(), charts: new JobCharts() };
  drawList();
  shown.parts = {
    head: element("div", {}), tiles: element("div"), problem: element("div"), samples: element("div"), checkpoints: element("div"),
    events: element("ol", { class: "events" }), status: element("p", { class: "hidden", role: "status" }),
  };
  const { head, tiles, samples, checkpoints, events, status } = shown.parts;
  show(byId("job"), element("article", { class: "card job", "aria-labelledby": "job-title" },
    head, shown.parts.problem, tiles, status, shown.charts.element,
    section("Answers along the way", samples), section("Checkpoints", checkpoints),
    section("Events", element("div", { class: "scroll events-box", tabindex: "0", role: "region", "aria-label": "Events" }, events))));
  follow();
}

const section = (title, content) => element("section", { class: "block" }, element("h3", {}, title), content);

/// Reads the job's progress each second while it is active and can be seen.
async function follow() {
  clearTimeout(timer);
  const mine = shown;
  if (!mine || !isVisible || document.hidden) return;
  try {
    const from = mine.log.last;
    const answer = await get(`/luthier/jobs/${encodeURIComponent(mine.job.id)}/progress?from=${from}`);
    if (shown !== mine) return;
    mine.log.merge(answer, from);
    mine.job = answer.job;
    mine.failed = null;
    putJob(answer.job);
    draw();
    await readCheckpoints(mine);
  } catch (error) {
    if (shown !== mine) return;
    if (!(error instanceof Disconnected)) {
      show(mine.parts.problem, problem(error, follow));
      if (error.status === 404) return;
    }
  }
  if (shown === mine && isVisible && (!isOver(mine.job) || !mine.settled)) {
    mine.settled = isOver(mine.job);
    timer = setTimeout(follow, everySeconds * 1000);
  }
}

async function readCheckpoints(mine) {
  const mark = `${stateOf(mine.job)} ${mine.log.evaluations.size}`;
  if (mine.checkpointsAt === mark) return;
  const { data } = await get(`/v1/fine_tuning/jobs/${mine.job.id}/checkpoints?limit=100`);
  mine.checkpointsAt = mark;
  if (isOver(mine.job)) refresh("models").catch(() => {});
  show(mine.parts.checkpoints, data.length
    ? table("Checkpoints", ["Step", "Training loss", "Loss held out", "Right tokens", "Use it"], data.map((one) => [
      count(one.step_number), number(one.metrics?.train_loss), number(one.metrics?.full_valid_loss ?? one.metrics?.valid_loss),
      percent(one.metrics?.full_valid_mean_token_accuracy ?? one.metrics?.valid_mean_token_accuracy),
      element("a", { href: `#/chat/${encodeURIComponent(one.fine_tuned_model_checkpoint)}`, "aria-label": `Chat with the checkpoint of step ${one.step_number}` }, "Chat"),
    ]), { class: "numbers" })
    : element("p", { class: "muted" }, isOver(mine.job) ? "None was made." : "One is kept for each epoch."));
}

const percent = (value) => value === null || value === undefined ? "–" : `${number(value * 100)} %`;

function draw() {
  const { job, log, charts, parts } = shown;
  const live = job.luthier ?? {};
  const name = stateOf(job);
  drawHead(job, live, name);
  show(parts.problem, job.error?.message ? problem(job.error) : null);
  show(parts.tiles, facts([
    ["Training loss", number(live.trainLoss)], ["Loss held out", number(live.validationLoss)],
    ["Tokens per second", count(live.tokensPerSecond)],
    isOver(job) ? ["Took", duration(live.seconds)] : ["Time left", name === "queued" && live.queuePosition !== null && live.queuePosition !== undefined
      ? live.queuePosition === 0 ? "next in line" : `${count(live.queuePosition)} before it` : duration(live.secondsLeft)],
    ["Best at step", live.bestStep === null || live.bestStep === undefined ? "–" : count(live.bestStep)],
    ["Memory", bytes(live.peakMemoryBytes)],
  ], { class: "facts tiles" }));
  charts.element.hidden = isOver(job) && !log.metrics.length;
  charts.update(log.metrics, log.timings);
  drawSamples();
  if (parts.eventCount !== log.messages.length) {
    parts.eventCount = log.messages.length;
    show(parts.events, log.messages.map(({ created_at: at, level, message }) =>
      element("li", { class: level }, element("time", { datetime: new Date(at * 1000).toISOString() }, clock(at)), message)));
    if (log.messages.length) parts.status.textContent = log.messages.at(-1).message;
  }
}

/// Rebuilt only when the buttons change, so that they keep the focus.
function drawHead(job, live, name) {
  const { parts } = shown;
  const steps = live.steps ?? 0;
  if (parts.headOf !== `${name} ${job.fine_tuned_model}`) {
    const hadFocus = parts.head.contains(document.activeElement);
    parts.headOf = `${name} ${job.fine_tuned_model}`;
    parts.bar = element("progress", { "aria-label": "Progress of the training" });
    parts.barText = element("p", { class: "muted" });
    show(parts.head,
      element("div", { class: "title-row" },
        element("div", {}, element("h2", { id: "job-title", tabindex: "-1" }, titleOf(job), " ", badge(job)),
          element("p", { class: "muted" }, `${job.model} · ${job.id}`)),
        element("div", { class: "actions" }, actions(job, name))),
      job.fine_tuned_model ? element("p", { class: "made" }, "Model: ", element("code", {}, job.fine_tuned_model)) : null,
      isOver(job) && name !== "succeeded" ? null : [parts.bar, parts.barText]);
    if (hadFocus) focusHead();
  }
  if (steps) {
    parts.bar.max = steps;
    parts.bar.value = live.step;
    parts.barText.textContent = `Step ${count(live.step)} of ${count(steps)}${live.epochs ? `, epoch ${number(live.epoch, 2)} of ${number(live.epochs)}` : ""}`
      + (live.stopped === "earlyStopping" ? "; stopped early, because the loss held out no longer fell" : "");
  } else {
    if (isActive(job)) parts.bar.removeAttribute("value");
    parts.barText.textContent = "";
  }
}

/// The first button, or the title while that button cannot be used.
function focusHead() {
  const first = shown.parts.head.querySelector("button, a.button");
  (first && !first.disabled ? first : byId("job-title")).focus();
}

function actions(job, name) {
  const act = (text, verb, attributes) => button(text, (event) => change(job, verb, event.target), attributes);
  if (name === "succeeded") {
    return [
      element("a", { class: "button primary", href: `#/chat/${encodeURIComponent(job.fine_tuned_model)}` }, "Chat with it"),
      element("a", { class: "button", href: `#/test/${encodeURIComponent(job.fine_tuned_model)}` }, "Test it"),
      element("a", { class: "button", href: `#/report/${job.id}` }, "Report"),
    ];
  }
  if (isOver(job)) return [element("a", { class: "button", href: `#/report/${job.id}` }, "Report")];
  const cancel = button("Cancel", async (event) => {
    const target = event.target;
    if (await confirm("Cancel this job?", "Checkpoints that were made stay, but the job cannot be resumed. Pause keeps it resumable.", "Cancel the job")) {
      change(job, "cancel", target);
    }
  }, { class: "danger", disabled: name === "cancelling" });
  if (name === "paused") return [act("Resume", "resume", { class: "primary" }), cancel];
  return [act("Pause", "pause", { disabled: name !== "running" && name !== "queued" }), cancel];
}

async function change(job, verb, target) {
  const hadFocus = document.activeElement === target || document.activeElement === document.body;
  target.disabled = true;
  try {
    const answer = await post(`/v1/fine_tuning/jobs/${job.id}/${verb}`);
    putJob(answer);
    if (shown?.job.id === job.id) {
      shown.job = answer;
      shown.settled = false;
      draw();
      if (hadFocus && !shown.parts.head.contains(document.activeElement)) focusHead();
    }
    follow();
  } catch (error) {
    target.disabled = false;
    notify(error.message, true);
  }
}

function drawSamples() {
  const { log, parts } = shown;
  const mark = JSON.stringify(log.samples);
  if (parts.samplesAt === mark) return;
  parts.samplesAt = mark;
  show(parts.samples, samplesList(log.samples));
}

/// Questions, each with its answers by step.
export function samplesList(samples) {
  if (!samples.length) return element("p", { class: "muted" }, "No questions were given to watch.");
  const prompts = [...new Set(samples.map(({ prompt }) => prompt))];
  return prompts.map((prompt) => element("div", { class: "sample" }, element("p", { class: "asked" }, prompt),
    element("ol", {}, samples.filter((one) => one.prompt === prompt).map(({ step, text }) =>
      element("li", {}, element("span", { class: "step" }, step === 0 ? "before" : `step ${count(step)}`), element("span", { class: "said" }, text || "(nothing)"))))));
}
