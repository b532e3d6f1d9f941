// A chat for any website, in one script tag:
//
//     <script src="http://127.0.0.1:8080/widget.js" data-model="ft:…"></script>
//
// Options: data-title, data-greeting, data-system, data-key (anyone who sees the site can read it), data-position="left",
// data-open, data-temperature, data-maximum-tokens, data-sources="off" (places in the documents are not shown). The service must allow the site's origin. Everything lives in a shadow
// root, so that neither the site's style nor the widget's reaches the other; answers are shown as text only.
"use strict";
(() => {
  const script = document.currentScript;
  const given = script.dataset;
  const service = new URL(script.src).origin;
  const title = given.title ?? "Ask";
  const messages = given.system ? [{ role: "system", content: given.system }] : [];
  let running = null;

  const style = `
    :host { all: initial; color-scheme: light dark; --ink: light-dark(#1f1b16, #ede7dd); --muted: light-dark(#655d52, #a89e90);
      --surface: light-dark(#fff, #1e1b18); --sunken: light-dark(#f3efe9, #2a2622); --line: light-dark(#e3ddd3, #3a342d);
      --edge: light-dark(#8f8677, #7d7366); --accent: light-dark(#8f3f14, #eba671); --on-accent: light-dark(#fff, #23130a); --bad: light-dark(#a4262c, #f2938c); }
    * { box-sizing: border-box; font: 15px/1.5 ui-sans-serif, system-ui, sans-serif; margin: 0; }
    .open { position: fixed; bottom: 20px; right: 20px; z-index: 2147483000; height: 48px; padding: 0 20px; border: 0; border-radius: 24px;
      background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; box-shadow: 0 4px 16px rgb(0 0 0 / .22); }
    .panel { position: fixed; bottom: 20px; right: 20px; z-index: 2147483000; width: min(380px, calc(100vw - 24px)); height: min(560px, calc(100dvh - 40px));
      display: flex; flex-direction: column; background: var(--surface); color: var(--ink); border: 1px solid var(--line); border-radius: 16px;
      box-shadow: 0 8px 40px rgb(0 0 0 / .25); overflow: hidden; }
    .left { right: auto; left: 20px; }
    @media (max-width: 420px) { .panel { left: 12px; right: 12px; bottom: 12px; } }
    [hidden] { display: none; }
    header { display: flex; align-items: center; gap: 8px; padding: 10px 8px 10px 16px; border-bottom: 1px solid var(--line); }
    h2 { flex: 1; font-weight: 650; overflow-wrap: anywhere; }
    .log { flex: 1; overflow-y: auto; padding: 16px; display: flex; flex-direction: column; gap: 10px; }
    .log p { max-width: 88%; padding: 8px 12px; border-radius: 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
    .user { align-self: flex-end; background: var(--accent); color: var(--on-accent); border-bottom-right-radius: 4px; }
    .assistant { align-self: flex-start; background: var(--sunken); border-bottom-left-radius: 4px; min-width: 3em; }
    .assistant:empty::after { content: "…"; color: var(--muted); }
    .log .sources { align-self: flex-start; padding: 0 12px; font-size: 12px; color: var(--muted); }
    .problem { align-self: flex-start; color: var(--bad); border: 1px solid; }
    form { display: flex; gap: 8px; padding: 12px; border-top: 1px solid var(--line); }
    textarea { flex: 1; resize: none; height: 42px; padding: 9px 12px; border: 1px solid var(--edge); border-radius: 10px; background: var(--surface); color: var(--ink); }
    button.act { min-width: 64px; border: 0; border-radius: 10px; padding: 0 14px; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
    .close { width: 36px; height: 36px; border: 0; border-radius: 8px; background: none; color: var(--ink); font-size: 20px; cursor: pointer; }
    .close:hover { background: var(--sunken); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .user:focus-visible, .open:focus-visible, .act:focus-visible { outline-color: var(--ink); }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }`;

  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "click") made.addEventListener("click", value);
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  const host = make("div", { "data-luthier": "" });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];

  const side = given.position === "left" ? " left" : "";
  const opener = make("button", { type: "button", class: `open${side}`, "aria-expanded": "false", click: () => toggle(true) }, title);
  const log = make("div", { class: "log", role: "log", "aria-label": "Conversation", tabindex: "0" });
  const field = make("textarea", { id: "text", rows: "1", placeholder: "Ask something" });
  const act = make("button", { type: "submit", class: "act" }, "Send");
  const form = make("form", {}, make("label", { for: "text", class: "unseen" }, "Message"), field, act);
  const panel = make("div", { class: `panel${side}`, role: "dialog", "aria-label": title },
    make("header", {}, make("h2", {}, title), make("button", { type: "button", class: "close", "aria-label": "Close", click: () => toggle(false) }, "×")), log, form);
  panel.hidden = true;
  root.append(opener, panel);

  function toggle(isOpen, takesFocus = true) {
    panel.hidden = !isOpen;
    opener.hidden = isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    if (takesFocus) (isOpen ? field : opener).focus();
  }

  function say(role, text) {
    const line = make("p", { class: role }, text);
    log.append(line);
    log.scrollTop = log.scrollHeight;
    return line;
  }

  async function ask(question) {
    say("user", question);
    const line = say("assistant", "");
    messages.push({ role: "user", content: question });
    running = new AbortController();
    act.textContent = "Stop";
    log.setAttribute("aria-busy", "true");
    let [text, sources] = ["", null];
    try {
      const response = await fetch(`${service}/v1/chat/completions`, {
        method: "POST", signal: running.signal, credentials: "omit",
        headers: { "Content-Type": "application/json", ...(given.key ? { Authorization: `Bearer ${given.key}` } : {}) },
        body: JSON.stringify({
          model: given.model, messages, stream: true, temperature: Number(given.temperature ?? 0.3), max_tokens: Number(given.maximumTokens ?? 300),
        }),
      });
      if (!response.ok) throw new Error((await response.json().catch(() => null))?.error?.message ?? `The service answered with status ${response.status}.`);
      for await (const data of events(response.body)) {
        if (data.error) throw new Error(data.error.message);
        sources ??= data.sources;
        text += data.choices?.[0]?.delta?.content ?? "";
        line.textContent = text;
        log.scrollTop = log.scrollHeight;
      }
    } catch (error) {
      if (error.name !== "AbortError") say("problem", error instanceof TypeError ? "The chat cannot be reached at the moment." : error.message);
    }
    if (text && sources?.length && given.sources !== "off") say("sources", `From ${sources.map(({ path, firstLine }) => `${path}:${firstLine}`).join(", ")}`);
    // What was not answered is asked again in full the next time.
    if (text) messages.push({ role: "assistant", content: text });
    else {
      messages.pop();
      line.remove();
    }
    running = null;
    act.textContent = "Send";
    log.removeAttribute("aria-busy");
  }

  async function* events(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data:")) continue;
        const data = line.slice(5).trim();
        if (data === "[DONE]") return;
        yield JSON.parse(data);
      }
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) return running.abort();
    const question = field.value.trim();
    if (!question) return undefined;
    field.value = "";
    return ask(question);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!running) form.requestSubmit();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle(false);
  });

  if (given.greeting) say("assistant", given.greeting);
  const begin = () => {
    document.body.append(host);
    if ("open" in given) toggle(true, false);
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
