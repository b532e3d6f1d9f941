// What changed between two texts, word by word.

import { element } from "./elements.js";

const mostWords = 400;

/// Runs of equal, removed and added words: `[{kind: "same" | "removed" | "added", text}]`.
export function difference(before, after) {
  const [left, right] = [words(before), words(after)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const [one, two] = [left.slice(start, left.length - end), right.slice(start, right.length - end)];
  const parts = [{ kind: "same", text: left.slice(0, start).join("") }, ...middle(one, two),
    { kind: "same", text: end ? left.slice(-end).join("") : "" }];
  return parts.reduce((joined, part) => {
    if (!part.text) return joined;
    if (joined.at(-1)?.kind === part.kind) joined.at(-1).text += part.text;
    else joined.push({ ...part });
    return joined;
  }, []);
}

const words = (text) => text.match(/\s+|\w+|[^\s\w]/gu) ?? [];

/// By the longest common subsequence; longer texts as one replacement.
function middle(one, two) {
  if (one.length > mostWords || two.length > mostWords) {
    return [{ kind: "removed", text: one.join("") }, { kind: "added", text: two.join("") }];
  }
  const lengths = Array.from({ length: one.length + 1 }, () => new Uint16Array(two.length + 1));
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = two.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = one[i] === two[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const parts = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < two.length) {
    if (i < one.length && j < two.length && one[i] === two[j]) {
      parts.push({ kind: "same", text: one[i] });
      [i, j] = [i + 1, j + 1];
    } else if (i < one.length && (j === two.length || lengths[i + 1][j] >= lengths[i][j + 1])) {
      parts.push({ kind: "removed", text: one[i] });
      i += 1;
    } else {
      parts.push({ kind: "added", text: two[j] });
      j += 1;
    }
  }
  return parts;
}

/// White space that nobody would see, made visible where it was removed or added.
const visible = (text) => text.replaceAll("\n", "⏎\n").replaceAll("\t", "⇥").replaceAll(" ", "·");

/// Before and after in two lines; `after` null: the row is dropped.
export function beforeAndAfter(before, after) {
  const parts = after === null ? [{ kind: "removed", text: before }] : difference(before, after);
  const line = (name, shown, tag) =>
    element("div", { class: `change ${shown}` }, element("span", { class: "change-name" }, name), element("code", {},
      parts.filter(({ kind }) => kind === "same" || kind === shown).map(({ kind, text }) =>
        kind === "same" ? text : element(tag, {}, after !== null ? visible(text) : text))));
  return element("div", { class: "changes" }, line("before", "removed", "del"),
    after === null
      ? element("div", { class: "change added" }, element("span", { class: "change-name" }, "after"), element("em", {}, "row dropped"))
      : line("after", "added", "ins"));
}
