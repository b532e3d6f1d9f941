// Talks to the service: requests, uploads, streams, the key, and whether the service answers.

/// An error that the service described.
class ServiceError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? `The service answered with status ${status}.`);
    this.name = "ServiceError";
    this.status = status;
    this.param = body?.error?.param ?? null;
    this.code = body?.error?.code ?? null;
  }
}

/// Nobody answered.
export class Disconnected extends Error {
  constructor() {
    super("The service does not answer.");
    this.name = "Disconnected";
  }
}

/// Tells "up" and "down".
export const connection = new EventTarget();
let isUp = null;

function connected(value) {
  if (isUp === value) return;
  isUp = value;
  connection.dispatchEvent(new Event(value ? "up" : "down"));
}

// The key

const keyName = "luthier.key";
let askForKey = async () => false;
let asking = null;

/// `ask(wasRejected)` shows the dialog and resolves when a key was given.
export function whenKeyIsNeeded(ask) { askForKey = ask; }

function storedKey() {
  try { return sessionStorage.getItem(keyName) ?? ""; } catch { return memory.key ?? ""; }
}

const memory = {};

export function storeKey(key) {
  memory.key = key;
  try { sessionStorage.setItem(keyName, key); } catch { /* kept in memory only */ }
}

function authorization() {
  const key = storedKey();
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/// Waits for a key other than `used`; several requests share one dialog.
async function newKey(used) {
  if (storedKey() !== used) return;
  asking ??= askForKey(Boolean(used)).finally(() => { asking = null; });
  await asking;
}

// Requests

async function send(path, init) {
  for (;;) {
    const used = storedKey();
    let response;
    try {
      response = await fetch(path, { ...init, headers: { ...init.headers, ...authorization() }, credentials: "omit", cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      connected(false);
      throw new Disconnected();
    }
    connected(true);
    if (response.status !== 401) return response;
    await newKey(used);
  }
}

async function parsed(response) {
  let body = null;
  try { body = await response.json(); } catch (error) { if (error.name === "AbortError") throw error; }
  if (!response.ok) throw new ServiceError(response.status, body);
  return body;
}

export const get = async (path, signal) => parsed(await send(path, { method: "GET", signal }));

/// Also done when the page is being closed.
export const remove = async (path) => parsed(await send(path, { method: "DELETE", keepalive: true }));

export const post = async (path, body, signal) => parsed(await send(path, withBody(body, signal)));

function withBody(body, signal) {
  return { method: "POST", signal, headers: { "Content-Type": "application/json" }, body: body === undefined ? null : JSON.stringify(body) };
}

/// The text of a stored file.
export async function content(id) {
  const response = await send(`/v1/files/${encodeURIComponent(id)}/content`, { method: "GET" });
  if (!response.ok) await parsed(response);
  return response.blob();
}

/// Uploads with progress, which `fetch` does not tell. `onProgress` gets a fraction; the file goes after `seconds`.
export async function upload(file, purpose, onProgress, signal, seconds) {
  for (;;) {
    const used = storedKey();
    const { status, body } = await uploadOnce(file, purpose, onProgress, signal, seconds);
    if (status === 401) {
      await newKey(used);
      continue;
    }
    if (status < 200 || status > 299) throw new ServiceError(status, body);
    return body;
  }
}

function uploadOnce(file, purpose, onProgress, signal, seconds) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("purpose", purpose);
    if (seconds) {
      form.append("expires_after[anchor]", "created_at");
      form.append("expires_after[seconds]", String(seconds));
    }
    form.append("file", file, file.name);
    request.open("POST", "/v1/files");
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      connected(true);
      resolve({ status: request.status, body: request.response });
    });
    request.addEventListener("error", () => {
      connected(false);
      reject(new Disconnected());
    });
    request.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/// The objects of a stream of server-sent events, until `[DONE]`.
export async function* stream(path, body, signal) {
  const response = await send(path, withBody(body, signal));
  if (!response.ok) await parsed(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      let part;
      try {
        part = await reader.read();
      } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Error("The answer was cut off: the connection to the service was lost.");
      }
      if (part.done) return;
      rest += part.value;
      const events = rest.split(/\r?\n\r?\n/);
      rest = events.pop();
      for (const event of events) {
        const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
        if (!data) continue;
        if (data === "[DONE]") return;
        const object = JSON.parse(data);
        if (object.error) throw new ServiceError(200, object);
        yield object;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/// Whether the service answers at all; needs no key.
export async function isAlive() {
  try {
    await fetch("/health", { cache: "no-store", credentials: "omit" });
    connected(true);
    return true;
  } catch {
    connected(false);
    return false;
  }
}
