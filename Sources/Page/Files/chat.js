// The section Chat: talks with one model, or with two next to each other; chats are kept in this browser.

import { answer } from "./answers.js";
import {
  button, byId, confirm, copy, copyable, count, element, empty, iconButton, loading, notify, number, options, show,
} from "./elements.js";
import { modelGroups, modelNamed, newId, refresh, state, store, stored, watch } from "./state.js";

const form = byId("chat-settings");
const composer = byId("chat-composer");
const text = byId("chat-text");
const log = byId("chat-log");
const mostChats = 100;

/// `[{id, title, model, beside, system, temperature, maximumTokens, seed, documents, turns: [{question, answers: [{model, text, …}]}]}]`
let chats = stored("chats", ({ title, model, turns }) => typeof title === "string" && typeof model === "string" && Array.isArray(turns)
  && turns.every((turn) => typeof turn?.question === "string" && Array.isArray(turn.answers)
    && turn.answers.every((one) => typeof one?.model === "string" && typeof one.text === "string")));
// A page that was closed while it was answered ended that answer.
for (const { turns } of chats) for (const { answers } of turns) for (const one of answers) one.finish ??= "stopped";
let chat = null;
/// Running streams; null while nothing is answered.
let running = null;
let isVisible = false;
/// The element of each turn that is shown.
const nodes = new WeakMap();

export function start() {
  watch(["models", "info"], drawModels);
  for (const name of ["model", "beside", "system", "temperature", "maximumTokens", "seed", "documents"]) {
    form.elements[name].addEventListener("change", readSettings);
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("chat-new").addEventListener("click", () => {
    open(fresh());
    text.focus();
  });
  byId("chat-elsewhere").addEventListener("click", showSnippets);
  byId("chat-stop").addEventListener("click", () => running?.abort());
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  text.addEventListener("input", fit);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && running && isVisible) running.abort();
  });
}

export function enter(model) {
  isVisible = true;
  if (!state.models) show(byId("chat-empty"), loading("Reading the models"));
  if (!chat) open(chats[0] ?? fresh());
  // A model that has just been made is not in the list yet.
  const isKnown = modelNamed(model);
  if (isKnown) choose(model);
  refresh("models").then(() => isKnown || choose(model)).catch(() => {});
  drawModels();
}

/// Talks with `model`, next to its base; a chat that has begun stays as it is.
function choose(model) {
  const base = modelNamed(model)?.luthier?.base;
  if (!modelNamed(model) || (model === chat.model && chat.turns.length)) return;
  if (chat.turns.length) open(fresh());
  Object.assign(chat, { model, beside: modelNamed(base) ? base : "" });
  drawModels();
}

export function leave() { isVisible = false; }

function fresh() {
  const last = chat ?? chats[0];
  return {
    id: newId(), title: "", model: last?.model ?? "", beside: last?.beside ?? "", system: last?.system ?? "",
    temperature: last?.temperature ?? 0.7, maximumTokens: last?.maximumTokens ?? 256, seed: last?.seed ?? 1, documents: last?.documents ?? true,
    turns: [],
  };
}

function keep() {
  if (!chats.includes(chat)) {
    if (!chat.turns.length) return;
    chats = [chat, ...chats].slice(0, mostChats);
  }
  if (!store("chats", chats)) notify("This browser has no room to keep more chats; delete some", true);
}

function open(other) {
  running?.abort();
  chat = other;
  drawModels();
  drawList();
  drawLog();
}

// Settings

function drawModels() {
  if (!state.models || !chat) return;
  const hasModels = state.models.length > 0;
  byId("chat-body").hidden = !hasModels;
  if (!hasModels) {
    show(byId("chat-empty"), empty("No model yet", "Fetch one in a terminal, or tune one; this page finds it by itself:",
      copyable(`luthier fetch ${state.info?.fetchable?.[0] ?? "smollm2-135m"}`, "Copy the command")));
    return;
  }
  show(byId("chat-empty"));
  const groups = modelGroups();
  const { model, beside } = form.elements;
  const isGone = chat.model && !modelNamed(chat.model);
  options(model, isGone ? [{ value: chat.model, text: `${chat.model} (no longer here)` }, ...groups] : groups, chat.model || usual());
  options(beside, [{ value: "", text: "Nothing" }, ...groups], chat.beside);
  chat.model = model.value;
  chat.beside = beside.value;
  form.elements.system.value = chat.system;
  form.elements.temperature.value = chat.temperature;
  form.elements.maximumTokens.value = chat.maximumTokens;
  form.elements.seed.value = chat.seed;
  form.elements.documents.checked = chat.documents ?? true;
  byId("chat-documents-field").hidden = !hasDocuments();
}

/// Whether the service was started with documents to answer from.
const hasDocuments = () => Number.isInteger(state.info?.documents);

/// The newest tuned model, else the first.
const usual = () => (state.models.find((model) => model.luthier?.kind === "tuned") ?? state.models[0]).id;

function readSettings() {
  const { model, beside, system, temperature, maximumTokens, seed, documents } = form.elements;
  const limited = (field, least, most, otherwise) => {
    const value = field.value.trim() === "" || !Number.isFinite(Number(field.value)) ? otherwise : Math.min(most, Math.max(least, Number(field.value)));
    field.value = value;
    return value;
  };
  Object.assign(chat, {
    model: model.value, beside: beside.value === model.value ? "" : beside.value, system: system.value,
    temperature: limited(temperature, 0, 2, 0.7), maximumTokens: Math.round(limited(maximumTokens, 1, 4096, 256)),
    seed: Math.round(limited(seed, 0, 2147483647, 1)), documents: documents.checked,
  });
  beside.value = chat.beside;
  keep();
}

function fit() {
  text.style.height = "auto";
  text.style.height = `${Math.min(200, text.scrollHeight + 2)}px`;
}

// The list of chats

function drawList() {
  show(byId("chat-list"), chats.map((one) => element("li", { class: one === chat ? "current" : null },
    element("button", { type: "button", class: "link grow", "aria-current": one === chat ? "true" : null, on: { click: () => open(one) } }, one.title || "New chat"),
    iconButton("trash", `Delete the chat ${one.title}`, () => removeChat(one)))));
}

async function removeChat(one) {
  if (!await confirm("Delete this chat?", `“${one.title}” is kept only in this browser and cannot be brought back.`, "Delete")) return;
  chats = chats.filter((other) => other !== one);
  store("chats", chats);
  open(one === chat ? chats[0] ?? fresh() : chat);
}

// The conversation

function drawLog() {
  if (!chat.turns.length) {
    show(log, element("div", { class: "start" }, element("h2", {}, "What should it answer?"),
      element("p", { class: "muted" }, "Compare a tuned model with its base: both get the same question, settings and seed.")));
    return;
  }
  show(log, chat.turns.map((turn, index) => {
    nodes.set(turn, drawTurn(turn, index));
    return nodes.get(turn);
  }));
}

function drawTurn(turn, index) {
  const isLast = index === chat.turns.length - 1;
  return element("div", { class: "turn" },
    element("div", { class: "question" }, element("span", { class: "hidden" }, "You: "), element("p", {}, turn.question),
      iconButton("edit", "Edit this message", () => edit(turn, index), { disabled: Boolean(running) })),
    element("div", { class: turn.answers.length > 1 ? "answers two" : "answers" }, turn.answers.map((one) => drawAnswer(one, turn, isLast))));
}

function drawAnswer(one, turn, isLast) {
  return element("div", { class: "answer", "aria-busy": one.finish === null ? "true" : null },
    element("p", { class: "speaker" }, one.model),
    element("p", { class: "said" }, one.text || (one.finish === null ? "" : one.error ? "" : "(an empty answer)")),
    one.error ? element("p", { class: "problem" }, one.error) : null,
    one.sources ? drawSources(one.sources) : null,
    one.finish === null ? null : element("div", { class: "answer-foot" }, element("span", { class: "muted" }, remark(one)),
      iconButton("copy", "Copy this answer", () => copy(one.text)),
      isLast && !running && turn.answers[0] === one ? iconButton("again", "Answer again", again) : null));
}

/// Where an answer comes from: each place opens to its passage.
function drawSources(sources) {
  if (!sources.length) return element("p", { class: "sources muted" }, "No passage was near enough; no model was asked.");
  return element("ol", { class: "sources", "aria-label": "Sources" }, sources.map(({ path, firstLine, lastLine, text }) =>
    element("li", {}, element("details", {},
      element("summary", {}, `${path}:${firstLine}${lastLine > firstLine ? `-${lastLine}` : ""}`), element("p", {}, text)))));
}

function remark(one) {
  const parts = [];
  if (one.finish === "stopped") parts.push("stopped by you");
  if (one.finish === "length") parts.push("cut at the longest answer");
  if (one.tokens) parts.push(`${count(one.tokens)} tokens`);
  if (one.tokens && one.seconds > 0.05) parts.push(`${number(one.tokens / one.seconds, 2)} per second`);
  if (one.seed !== undefined && one.temperature > 0) parts.push(`seed ${one.seed}`);
  return parts.join(" · ");
}

/// Puts a question back into the composer; what followed it leaves when it is sent.
function edit(turn, index) {
  const field = element("textarea", { rows: "2", "aria-label": "Message", value: turn.question });
  const done = (isSent) => {
    if (isSent && field.value.trim()) {
      chat.turns.splice(index);
      ask(field.value.trim());
    } else {
      drawLog();
      log.querySelectorAll(".question button")[index]?.focus();
    }
  };
  const editor = element("form", { class: "editor", on: {
    submit: (event) => {
      event.preventDefault();
      done(true);
    },
    keydown: (event) => {
      if (event.key === "Escape") done(false);
      if (event.key === "Enter" && !event.shiftKey && event.target === field && !event.isComposing) {
        event.preventDefault();
        done(true);
      }
    },
  } }, field, element("div", { class: "actions" }, button("Back", () => done(false)), element("button", { type: "submit", class: "primary" }, "Ask again")));
  nodes.get(turn).querySelector(".question").replaceWith(editor);
  field.focus();
}

function send() {
  const question = text.value.trim();
  if (!question || running || !chat.model) return;
  text.value = "";
  fit();
  ask(question);
}

/// The last question again, with another seed where chance plays a part.
function again() {
  const { question } = chat.turns.pop();
  if (chat.temperature > 0) chat.seed = (chat.seed + 1) % 2147483648;
  form.elements.seed.value = chat.seed;
  ask(question);
}

async function ask(question) {
  readSettings();
  const models = [chat.model, chat.beside].filter(Boolean);
  const mine = chat;
  const turn = { question, answers: models.map((model) => ({ model, text: "", finish: null, seed: chat.seed, temperature: chat.temperature })) };
  const histories = models.map((_, index) => history(index));
  chat.turns.push(turn);
  chat.title ||= question.slice(0, 60);
  running = new AbortController();
  const { signal } = running;
  log.setAttribute("aria-busy", "true");
  byId("chat-send").hidden = true;
  byId("chat-stop").hidden = false;
  keep();
  drawList();
  drawLog();
  log.lastElementChild?.scrollIntoView({ block: "end" });
  await Promise.all(turn.answers.map(async (one, index) => {
    const question = {
      model: one.model, messages: [...histories[index], { role: "user", content: turn.question }],
      temperature: mine.temperature, maximumTokens: mine.maximumTokens, seed: mine.seed,
      documents: hasDocuments() && (mine.documents ?? true),
    };
    const result = await answer(question, (text) => {
      one.text = text;
      if (chat === mine) grow(turn, index);
    }, signal);
    Object.assign(one, result);
    if (chat === mine) nodes.get(turn)?.querySelectorAll(".answer")[index]?.replaceWith(drawAnswer(one, turn, false));
  }));
  if (running?.signal === signal) {
    running = null;
    byId("chat-send").hidden = false;
    byId("chat-stop").hidden = true;
    log.removeAttribute("aria-busy");
    if (document.activeElement === document.body && isVisible) text.focus();
  }
  store("chats", chats);
  if (chat === mine) {
    drawLog();
    follow();
  }
}

/// Shows more of an answer without building it again.
function grow(turn, index) {
  const said = nodes.get(turn)?.querySelectorAll(".answer .said")[index];
  if (!said) return;
  said.textContent = turn.answers[index].text;
  follow();
}

/// Stays at the end where the reader is at the end.
function follow() {
  const page = document.scrollingElement;
  if (page.scrollHeight - page.scrollTop - page.clientHeight < 160) page.scrollTop = page.scrollHeight;
}

/// What the model in column `index` has been asked and has answered so far; a turn without an answer is left out.
function history(index) {
  const messages = chat.system.trim() ? [{ role: "system", content: chat.system.trim() }] : [];
  for (const { question, answers } of chat.turns) {
    const own = answers[index] ?? answers[0];
    if (own?.text) messages.push({ role: "user", content: question }, { role: "assistant", content: own.text });
  }
  return messages;
}

// Use from other programs

function showSnippets() {
  const base = location.origin;
  const model = chat.model || "MODEL";
  const key = state.info?.keyRequired ? "YOUR_KEY" : "none";
  const origins = state.info?.allowedOrigins ?? [];
  const question = '[{"role":"user","content":"Hello"}]';
  const header = key === "none" ? "" : `  -H "Authorization: Bearer ${key}" \\\n`;
  byId("elsewhere-note").textContent = "Anything that speaks OpenAI's API can use this service: only the address changes.";
  show(byId("elsewhere-snippets"),
    snippet("On your own website", `<script src="${base}/widget.js" data-model="${model.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"${key === "none" ? "" : ` data-key="${key}"`}></script>`,
      origins.length ? `Allowed origins: ${origins.join(", ")}.` : "First allow the site's origin: allowedOrigins in service.json. No origin is allowed yet."),
    snippet("Python", `from openai import OpenAI\n\nclient = OpenAI(base_url="${base}/v1", api_key="${key}")\nanswer = client.chat.completions.create(\n    model=${JSON.stringify(model)},\n    messages=${question})\nprint(answer.choices[0].message.content)`),
    snippet("curl", `curl ${base}/v1/chat/completions \\\n${header}  -H "Content-Type: application/json" \\\n  -d '${`{"model":${JSON.stringify(model)},"messages":${question}}`.replaceAll("'", "'\\''")}'`));
  byId("elsewhere-dialog").showModal();
}

const snippet = (title, code, note) => element("section", {}, element("h3", {}, title), copyable(code, `Copy: ${title}`), note ? element("p", { class: "muted" }, note) : null);
