// What all sections share: models, jobs and files of the service, and who wants to know when they change.

import { get } from "./service.js";

export const state = { info: null, models: null, jobs: null, files: null };

const watchers = new Map();

/// Calls `watcher` after each change of one of `names`, and at once if they are known.
export function watch(names, watcher) {
  for (const name of names) watchers.set(name, [...(watchers.get(name) ?? []), watcher]);
  if (names.some((name) => state[name])) watcher();
}

const texts = {};

function put(name, value) {
  const text = JSON.stringify(value);
  if (texts[name] === text) return;
  texts[name] = text;
  state[name] = value;
  for (const watcher of watchers.get(name) ?? []) watcher();
}

/// All pages of a list.
async function list(path) {
  const all = [];
  let after = "";
  for (;;) {
    const page = await get(`${path}?limit=100${after}`);
    all.push(...page.data);
    if (!page.has_more || !page.data.length) return all;
    after = `&after=${encodeURIComponent(page.data.at(-1).id)}`;
  }
}

const readers = {
  info: () => get("/luthier/info"),
  models: async () => (await get("/v1/models")).data,
  jobs: () => list("/v1/fine_tuning/jobs"),
  files: () => list("/v1/files"),
};

export async function refresh(...names) {
  await Promise.all(names.map(async (name) => put(name, await readers[name]())));
}

/// Puts one job into the list.
export function putJob(job) {
  const jobs = state.jobs ?? [];
  const known = jobs.some(({ id }) => id === job.id);
  put("jobs", known ? jobs.map((other) => other.id === job.id ? job : other) : [job, ...jobs]);
}

const ended = new Set(["succeeded", "failed", "cancelled"]);

/// State of a job, also of a service that only has OpenAI's status.
export const stateOf = (job) => job.luthier?.state ?? ({ validating_files: "validating" }[job.status] ?? job.status);
export const isOver = (job) => ended.has(stateOf(job));
export const isActive = (job) => !isOver(job) && stateOf(job) !== "paused";

export const titleOf = (job) => job.user_provided_suffix || job.id;

/// Models, as groups for a select.
export function modelGroups(models = state.models ?? []) {
  const groups = [["base", "Open models"], ["tuned", "Tuned here"], ["checkpoint", "Checkpoints"], ["other", "Models"]];
  return groups.map(([kind, group]) => ({
    group,
    list: models.filter((model) => (model.luthier?.kind ?? "other") === kind).map(({ id }) => ({ value: id, text: id })),
  })).filter((group) => group.list.length);
}

export const modelNamed = (id) => state.models?.find((model) => model.id === id) ?? null;

// The browser's own storage

/// A list that was kept.
export function stored(name, otherwise) {
  try {
    const value = JSON.parse(localStorage.getItem(`luthier.${name}`));
    return Array.isArray(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

/// Whether it was kept: storage can be full or off.
export function store(name, value) {
  try {
    localStorage.setItem(`luthier.${name}`, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export const newId = () => Math.random().toString(36).slice(2, 10);
