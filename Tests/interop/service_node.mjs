// A session with Node's own fetch and FormData, nothing installed; streams are read from the answer's body.
//
//     node service_node.mjs URL LOCKED_URL FOLDER     a service; one with the key in FOLDER/key; FOLDER has the rows

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [url, locked, folder] = process.argv.slice(2);
const base = "smollm2-135m";

function check(name, isRight, seen = "") {
    const text = typeof seen === "string" ? seen : JSON.stringify(seen);
    console.log(isRight ? `passed: ${name}` : `FAILED: ${name}: ${String(text).replace(/\s+/g, " ").slice(0, 1500)}`);
}

async function ask(path, { body, method = body ? "POST" : "GET", key = "any", from = url } = {}) {
    const isForm = body instanceof FormData;
    const answer = await fetch(from + path, {
        method, body: body === undefined || isForm ? body : JSON.stringify(body),
        headers: { Authorization: `Bearer ${key}`, ...(body && !isForm ? { "Content-Type": "application/json" } : {}) },
    });
    return { status: answer.status, value: await answer.json() };
}

/// The values of a stream's events, as the bytes come: an event may be split over two pieces of them.
async function* events(path, body, signal) {
    const answer = await fetch(url + path, {
        method: body ? "POST" : "GET", body: body && JSON.stringify(body), signal,
        headers: body ? { "Content-Type": "application/json" } : {},
    });
    check(`the media type of ${path.replace(/ft-\w+/, "…")}`, answer.headers.get("content-type") === "text/event-stream");
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let rest = "";
    for await (const piece of answer.body) {
        const parts = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
            if (!part.startsWith("data: ")) throw new Error(`no event: ${part}`);
            yield part.slice(6) === "[DONE]" ? null : JSON.parse(part.slice(6));
        }
    }
    if (rest !== "") throw new Error(`a cut event: ${rest}`);
}

async function all(stream) {
    const found = [];
    for await (const event of stream) found.push(event);
    return found;
}

async function refused(name, status, code, path, options) {
    const answer = await ask(path, options);
    check(name, answer.status === status && answer.value.error.code === code && answer.value.error.message.length > 0, answer);
}

async function follow(job) {
    for (let turn = 0; turn < 600; turn += 1) {
        const { value } = await ask(`/v1/fine_tuning/jobs/${job}`);
        if (["succeeded", "failed", "cancelled"].includes(value.status)) return value;
        await sleep(300);
    }
    return {};
}

async function upload(name) {
    const form = new FormData();
    form.append("purpose", "fine-tune");
    form.append("file", new Blob([readFileSync(`${folder}/${name}`)]), name);
    return (await ask("/v1/files", { body: form })).value;
}

async function answers(model, question) {
    const body = { model, messages: [{ role: "user", content: question }], max_tokens: 16, temperature: 0 };
    const answer = (await ask("/v1/chat/completions", { body })).value;
    const text = answer.choices[0].message.content;
    check(`a chat with ${model.split(":")[0]}`, answer.model === model && text.length > 0, answer);
    const chunks = await all(events("/v1/chat/completions", { ...body, stream: true, stream_options: { include_usage: true } }));
    const last = chunks.pop();
    const usage = chunks.at(-1)?.usage;
    const pieces = chunks.filter((chunk) => chunk.choices.length).map((chunk) => chunk.choices[0]);
    check("its stream: the pieces are the answer", pieces.map((piece) => piece.delta.content ?? "").join("") === text, pieces);
    check("its stream: several pieces, first the role", pieces.length > 3 && pieces[0].delta.role === "assistant", pieces);
    check("its stream: only the last piece has a reason", pieces.at(-1)?.finish_reason === answer.choices[0].finish_reason
        && pieces.slice(0, -1).every((piece) => piece.finish_reason === null), pieces);
    check("its stream: one id", new Set(chunks.map((chunk) => chunk.id)).size === 1);
    check("its stream: usage", usage?.total_tokens === answer.usage.total_tokens, usage);
    check("its stream: [DONE] at the end", last === null && chunks.every((chunk) => chunk !== null));
}

/// A reader that leaves in the middle.
async function aborted() {
    const control = new AbortController();
    let count = 0;
    let error;
    try {
        const body = { model: base, prompt: "One day", max_tokens: 4000, stream: true, logit_bias: { 0: -100, 2: -100 } };
        for await (const _ of events("/v1/completions", body, control.signal)) {
            count += 1;
            if (count === 5) control.abort();
        }
    } catch (caught) { error = caught; }
    let running;
    for (let turn = 0; turn < 100; turn += 1) {
        running = (await ask("/health")).value.requests.running;
        if (running === 0) break;
        await sleep(100);
    }
    check("a stream that is aborted midway ends", error?.name === "AbortError" && count < 4000 && running === 0, { count, running });
}

check("models", (await ask("/v1/models")).value.data.some((model) => model.id === base));
const file = await upload("chat.jsonl");
check("upload", file.status === "processed" && file.filename === "chat.jsonl", file);
check("files", (await ask("/v1/files")).value.data.some((each) => each.id === file.id));
const content = await (await fetch(`${url}/v1/files/${file.id}/content`)).arrayBuffer();
check("the content of a file", Buffer.from(content).equals(readFileSync(`${folder}/chat.jsonl`)));
await answers(base, "What is the capital of France?");
await aborted();

let job = (await ask("/v1/fine_tuning/jobs", {
    body: { model: base, training_file: file.id, suffix: "node", seed: 3, hyperparameters: { n_epochs: 1, batch_size: 8 } },
})).value;
check("create", job.status === "validating_files", job);
job = await follow(job.id);
check("follow and get", job.status === "succeeded" && job.trained_tokens > 0, job);
check("jobs", (await ask("/v1/fine_tuning/jobs?limit=1")).value.data[0].id === job.id);
const messages = (await ask(`/v1/fine_tuning/jobs/${job.id}/events?limit=100`)).value.data.map((event) => event.message);
check("events", messages[0] === "The job has successfully completed" && messages.at(-1) === `Created fine-tuning job: ${job.id}`
    && messages.filter((text) => text.startsWith("Step ")).length === 5, messages);
const points = (await ask(`/v1/fine_tuning/jobs/${job.id}/checkpoints`)).value.data;
check("checkpoints", points.length === 1 && points[0].fine_tuned_model_checkpoint === job.fine_tuned_model, points);
const table = await (await fetch(`${url}/v1/files/${job.result_files[0]}/content`)).text();
check("results", Buffer.from(table, "base64").toString().startsWith("step,train_loss,"), table);
await answers(job.fine_tuned_model, "When does the café open on day 3?");
const prompt = { model: job.fine_tuned_model, prompt: "On day 3", max_tokens: 8, temperature: 0 };
const text = (await ask("/v1/completions", { body: prompt })).value.choices[0].text;
const parts = await all(events("/v1/completions", { ...prompt, stream: true }));
check("completions and their stream", text !== "" && parts.pop() === null && parts.map((part) => part.choices[0].text).join("") === text, parts);
const vectors = (await ask("/v1/embeddings", { body: { model: base, input: ["one text", "another"] } })).value.data;
check("embeddings", vectors.length === 2 && vectors[0].embedding.length === 576);
const second = (await ask("/v1/fine_tuning/jobs", { body: { model: base, training_file: file.id, hyperparameters: { n_epochs: 20 } } })).value;
check("cancel", (await ask(`/v1/fine_tuning/jobs/${second.id}/cancel`, { method: "POST" })).status === 200
    && (await follow(second.id)).status === "cancelled");

const old = await upload("old.jsonl");
const tune = (await ask("/v1/fine-tunes", { body: { model: base, training_file: old.id, n_epochs: 1, batch_size: 8 } })).value;
const told = await all(events(`/v1/fine-tunes/${tune.id}/events?stream=true`));
check("the older interface: events as a stream", told.pop() === null && told[0].message === `Created fine-tune: ${tune.id}`
    && told.at(-1).message === "Fine-tune succeeded", told);

await refused("an unknown model", 404, "model_not_found", "/v1/completions", { body: { model: "nothing", prompt: "?" } });
await refused("a number out of bounds", 400, null, "/v1/completions", { body: { model: base, prompt: "?", temperature: 9 } });
await refused("a prompt that is too long", 400, "context_length_exceeded", "/v1/completions", { body: { model: base, prompt: "word ".repeat(9000) } });
await refused("an unknown job", 404, "fine_tune_not_found", "/v1/fine_tuning/jobs/ftjob-nothing");
await refused("a wrong key", 401, "invalid_api_key", "/v1/models", { from: locked, key: "wrong" });
const key = readFileSync(`${folder}/key`, "utf8").trim();
check("the right key", (await ask("/v1/models", { from: locked, key })).status === 200);
check("a file is deleted", (await ask(`/v1/files/${file.id}`, { method: "DELETE" })).value.deleted === true);
await refused("a deleted file", 404, null, `/v1/files/${file.id}`);
