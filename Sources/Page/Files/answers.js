// Asks models: one streamed answer, as a chat or, for a model without a template, as a continuation.

import { stream } from "./service.js";
import { modelNamed } from "./state.js";

/// The question for the service: messages where the model has a template, else the prompt's text.
function ask({ model, messages, prompt, temperature, maximumTokens, seed, documents = false }) {
  const isChat = prompt === undefined || prompt === null
    ? modelNamed(model)?.luthier?.chat ?? true : false;
  const common = { model, temperature, max_tokens: maximumTokens, seed, stream: true, stream_options: { include_usage: true } };
  return isChat
    ? ["/v1/chat/completions", { ...common, messages, documents }]
    : ["/v1/completions", { ...common, prompt: prompt ?? messages.at(-1).content }];
}

/// Streams an answer; `onText` gets all of it so far. Ends by itself or by `signal`, and never throws for a stop.
///
/// Gives `{text, finish: "stop" | "length" | "stopped" | "failed", tokens, seconds, error, sources}`; sources are null where no
/// documents were asked.
export async function answer(question, onText, signal) {
  const [path, body] = ask(question);
  const begun = performance.now();
  const result = { text: "", finish: "stop", tokens: null, seconds: 0, error: null, sources: null };
  let first = null;
  try {
    for await (const chunk of stream(path, body, signal)) {
      const choice = chunk.choices?.[0];
      const piece = choice?.delta?.content ?? choice?.text ?? "";
      if (piece) {
        first ??= performance.now();
        result.text += piece;
        onText?.(result.text);
      }
      if (choice?.finish_reason) result.finish = choice.finish_reason;
      result.sources ??= chunk.sources ?? null;
      if (chunk.usage) result.tokens = chunk.usage.completion_tokens;
    }
  } catch (error) {
    if (error.name === "AbortError") {
      result.finish = "stopped";
    } else {
      result.finish = "failed";
      result.error = error.message;
    }
  }
  result.seconds = (performance.now() - (first ?? begun)) / 1000;
  return result;
}
