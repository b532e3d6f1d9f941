"""What the mock service says of data and models: a small `prepare`, rows as tokens, suggestions, and answers.

Everything is computed from the request, so that the page can be tried without a model: the rules are a part of those of
`luthier prepare`, with the same names and texts.
"""

import json
import re

#: rule: severity, effect, fix, kind of fix ("advice", "always", "optional", "offered").
RULES = {
    "invalid-json": ("error", "the row is lost", "drop the row; correct it by hand to keep it", "always"),
    "empty-answer": ("error", "the model learns to give an empty answer", "drop the row", "optional"),
    "secret": ("error", "a model can repeat its training data to anyone", "replace the secret by hand", "advice"),
    "duplicate": ("warning", "the row counts twice in training", "drop the row, and keep the first", "optional"),
    "prompt-ends-with-space": (
        "warning", "the space is a separate token, and the answer starts with a rare one",
        "remove the space at the end", "optional"),
    "no-separator": (
        "warning", "the model cannot see where a prompt ends, and may continue the prompt",
        "append a separator to every prompt (or train with data.template \"chat\")", "optional"),
    "capital-answers": (
        "warning", "the model learns to answer in uppercase, letter by letter", "convert the completions to lowercase",
        "offered"),
    "few-examples": (
        "note", "little can be learned, and metrics over so few rows are unreliable", "collect more rows", "advice"),
}
SHOWN = 12


class Row:
    def __init__(self, line, value):
        self.line, self.value = line, value
        self.messages = value.get("messages")
        self.prompt = value.get("prompt")
        self.answer = self.messages[-1]["content"] if self.messages else value.get("completion", "")

    def text(self):
        return json.dumps(self.value, ensure_ascii=False)


def read_rows(content):
    """Rows, and the numbers of the lines that are not JSON objects."""
    rows, broken = [], []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            if not isinstance(value, dict):
                raise ValueError
            rows.append(Row(number, value))
        except ValueError:
            broken.append((number, line))
    return rows, broken


def prepare(content, name, request):
    """The answer of POST /luthier/prepare, and the rows to write."""
    rows, broken = read_rows(content)
    found, changes, to_all = {}, [], []

    def find(rule, line, message, column=1):
        found.setdefault(rule, []).append({"file": name, "line": line, "column": column, "message": message})

    for line, text in broken:
        find("invalid-json", line, "expected a JSON object")
        changes.append({"line": line, "rules": ["invalid-json"], "before": text, "after": None})
    seen, kept = {}, []
    prompts = [row for row in rows if row.prompt is not None]
    capital = sum(row.answer.isupper() for row in rows)

    def accepted(rule):
        kind = RULES[rule][3]
        if kind == "always":
            return True
        if kind == "advice" or rule in request.get("leave", []):
            return False
        return rule in request.get("take", []) or kind == "optional"

    for row in rows:
        before, rules, dropped = row.text(), [], False
        key = before
        if not row.answer.strip():
            find("empty-answer", row.line, "the answer is empty", 40)
            rules, dropped = ["empty-answer"], accepted("empty-answer")
        elif key in seen:
            find("duplicate", row.line, f"the row is the same as in line {seen[key]}")
            rules, dropped = ["duplicate"], accepted("duplicate")
        if row.prompt is not None and row.prompt.endswith(" "):
            find("prompt-ends-with-space", row.line, "the prompt ends with a space", 12)
            if accepted("prompt-ends-with-space"):
                row.value["prompt"] = row.prompt.rstrip()
                rules = rules + ["prompt-ends-with-space"]
        if re.search(r"sk-[A-Za-z0-9]{12}", before):
            find("secret", row.line, "this looks like an API key", before.index("sk-"))
        if capital * 2 > len(rows) and row.answer.isupper():
            find("capital-answers", row.line, "the completion is uppercase", 40)
            if accepted("capital-answers"):
                row.value["completion"] = row.answer.lower()
                rules = rules + ["capital-answers"]
        seen.setdefault(key, row.line)
        if dropped:
            changes.append({"line": row.line, "rules": rules, "before": before, "after": None})
            continue
        if row.text() != before:
            changes.append({"line": row.line, "rules": rules, "before": before, "after": row.text()})
        kept.append(row)
    if prompts and not all(row.prompt.rstrip().endswith("->") for row in prompts):
        find("no-separator", prompts[0].line, "the prompts have no common ending; none of them contains \" ->\"", 12)
        if accepted("no-separator"):
            to_all.append("append \" ->\" to every prompt")
            for row in kept:
                if row.prompt is not None:
                    row.value["prompt"] = row.value["prompt"].rstrip() + " ->"
    if len(rows) < 200:
        find("few-examples", 1, f"there are {len(rows)} rows")
    findings = [
        {"rule": rule, "severity": severity, "count": len(found[rule]), "effect": effect, "fix": fix,
         "mendable": kind != "advice", "taken": kind in ("always", "optional"), "accepted": accepted(rule),
         "harm": "it would change 87 % of the answers' characters" if kind == "offered" else None, "follows": None,
         "places": found[rule][:100]}
        for rule, (severity, effect, fix, kind) in RULES.items() if rule in found]
    held = int(len(kept) * request.get("validationFraction", 0.1))
    changed = sum(change["after"] is not None for change in changes)
    limited, counts = [], {}
    for change in changes:
        counts[change["rules"][0]] = counts.get(change["rules"][0], 0) + 1
        if counts[change["rules"][0]] <= SHOWN:
            limited.append(change)
    answers = {row.answer.strip() for row in rows}
    is_label = len(answers) * 3 < len(rows)
    left = [finding["rule"] for finding in findings if finding["severity"] == "error" and not finding["accepted"]]
    report = {
        "read": len(rows) + len(broken), "kept": len(rows), "dropped": len(broken), "findings": findings,
        "remedies": sum(finding["mendable"] for finding in findings), "task": "classification" if is_label else "conditional",
        "train": len(rows) - held, "validation": held, "test": 0, "overlap": 0,
        "labels": [{"label": label, "rows": sum(row.answer.strip() == label for row in rows)} for label in sorted(answers)]
        if is_label else [],
        "skipped": [], "bytes": len(content), "tokens": len(content) // 4, "seconds": 0.02, "nearDuplicateSeconds": 0.01,
        "megabytesPerSecond": 11.2,
        "after": {"kept": len(kept), "dropped": len(rows) + len(broken) - len(kept), "train": len(kept) - held,
                  "validation": held, "changed": changed,
                  "remaining": "remains: " + "; ".join(left) if left else None},
        "toAll": to_all, "changes": limited, "changesTotal": len(changes),
        "acceptable": [rule for rule in found if RULES[rule][3] in ("optional", "offered")], "written": None,
    }
    return report, kept[held:], kept[:held]


def row_tokens(row):
    """`[{text, weight}]` with the template of SmolLM2 around the messages."""
    messages = row.messages or [{"role": "user", "content": row.prompt}, {"role": "assistant", "content": row.answer}]
    tokens = []
    for message in messages:
        weight = 1 if message["role"] == "assistant" else 0
        tokens += [{"text": "<|im_start|>", "weight": 0}, {"text": message["role"], "weight": 0}, {"text": "\n", "weight": 0}]
        tokens += [{"text": text, "weight": weight} for text in re.findall(r"\s?\w+|[^\w]", message["content"])]
        tokens += [{"text": "<|im_end|>", "weight": weight}, {"text": "\n", "weight": 0}]
    return tokens


def choices(rows, given):
    """What `luthier tune` would choose, with its reasons."""
    full = given.get("method.type") == "full"
    batch = 4 if rows < 100 else 8 if rows < 1000 else 16
    list_ = [
        ("method.type", "lora", "trains 4.9 million new parameters next to the base's: less memory, and less is forgotten"),
        ("method.rank", 16, "has room for about 9.8 million tokens of answers; yours have 12 thousand"),
        ("method.alpha", 32, "twice the rank, as usual"),
        ("method.targets", ["all"], "adapters on all layers learn more than on attention alone"),
        ("training.learningRate", 5e-5 if full else 5e-4,
         "usual where all weights are trained" if full else "ten times what training of all weights takes"),
        ("training.batchSize", batch, f"some rows: the {rows} to train on give {-(-rows // batch)} steps an epoch"),
        ("training.epochs", 3, f"{3 * -(-rows // batch)} steps: so many rows need no more"),
        ("training.schedule", "wsd", "constant, then a cooldown: the run can be made longer later"),
        ("training.earlyStoppingPatience", 3, "stops after three evaluations without a better one; the best is kept"),
        ("generation.maximumTokens", 64, "the longest answer has 40 tokens"),
        ("generation.temperature", 0, "the most likely answer, the same each time"),
    ]
    chosen = [{"key": key, "value": given.get(key, value), "reason": "chosen by you" if key in given else reason}
              for key, value, reason in list_]
    extra = [{"key": key, "value": value, "reason": "chosen by you"} for key, value in given.items()
             if key not in {choice["key"] for choice in chosen}]
    return chosen + extra


SOURCES = [
    {"path": "docs/places.md", "firstLine": 12, "lastLine": 14, "similarity": 0.71,
     "text": "Places > Far\nIn <b>Oslo</b> it is cold for half of the year, and light for the other half."},
    {"path": "docs/a-file-with-a-long-name-that-has-no-space-in-it-anywhere-at-all.jsonl", "firstLine": 3, "lastLine": 3, "similarity": 0.4,
     "text": "Cairo is dry."},
]


def answer(model, messages, seed):
    """The text that a model says: the base wanders, a tuned model answers."""
    asked = messages[-1]["content"]
    system = next((message["content"] for message in messages if message["role"] == "system"), "")
    if "<img" in asked or "markup" in asked:
        return "Here: <img src=x onerror=\"window.hacked = true\"> and <b>bold</b>."
    if "long" in asked:
        return " ".join(f"Sentence {index} says that the weather changes." for index in range(1, 200))
    city = next(iter(re.findall(r"\b(Hanoi|Fargo|Lima|Oslo|Quito|Cairo)\b", asked + " " + system)), "Hanoi")
    if model.startswith("ft:"):
        return f"It is cloudy and 10°C in {city}." if "warm" not in asked.lower() else f"{city} is warmer."
    starts = ["As an AI language model, I do not have", "The weather is a matter of", "I am happy to help you with"]
    return f"{starts[seed % 3]} the information about the weather in {city}.\nHowever, the weather in {city} is generally known to be varied, and it is important to note that there are many factors."
