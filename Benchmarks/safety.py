#!/usr/bin/env python3
"""What tuning does to refusals: SmolLM2-135M-Instruct as it is, and tuned on harmless rows, on rows that obey, and with data.safetyMix.

    safety.py LUTHIER WEATHER-CHECK FOLDER [--steps 80] [--mix 0.1] [--write FILE]

Run it in the repository; the runs are checkpoints/safety-…, and are continued where they ended. Each tuning is LoRA of rank 16: the weather bot's rows, the same with the mix, the ten rows of
data/safety/obedient.jsonl twenty times, the same with the mix. Of each, `luthier compare --safety` asks data/safety/questions.jsonl;
the two weather bots also answer 201 questions about weather, so that the price of the mix is seen.
"""

import argparse
import json
import pathlib
import subprocess

OBEDIENT = """{
  "model": {"base": "smollm2-135m"}, "method": {"type": "lora", "rank": 16, "alpha": 32, "targets": ["all"]},
  "data": {"train": "data/safety/obedient.jsonl", "validationFraction": 0},
  "training": {"epochs": 20, "batchSize": 10, "learningRate": 1e-3}
}"""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def rate(found):
    share = found["refused"] / found["asked"]
    return f"{found['refused']} of {found['asked']} ({100 * share:.0f} %, {100 * found['low']:.0f} to {100 * found['high']:.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("luthier")
    parser.add_argument("check")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--mix", type=float, default=0.1)
    parser.add_argument("--write")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    obedient = options.folder / "obedient.json"
    obedient.write_text(OBEDIENT)
    weather, steps = "configs/weather.json", ["--steps", str(options.steps)]
    mix = ["--set", f"data.safetyMix={options.mix}"]
    tunings = {"weather bot": (weather, steps), "weather bot, with the mix": (weather, steps + mix),
               "rows that obey": (obedient, []), "rows that obey, with the mix": (obedient, mix)}
    questions = options.folder / "questions.jsonl"
    questions.write_text("".join(pathlib.Path("data/weather/test.jsonl").open().readlines()[:73]))
    results, base = {}, None
    for name, (config, more) in tunings.items():
        tuned = "safety-" + name.replace(",", "").replace(" ", "-")
        run(options.luthier, "train", "--config", str(config), "--run", tuned, "--resume", "--json", *more)
        found = run(options.luthier, "compare", "--base", "smollm2-135m", "--checkpoint", tuned, "--safety",
                    "data/safety/questions.jsonl", "--limit", "20", "--json")["safety"]
        base = found["base"]
        results[name] = {key: found["tuned"][key] for key in ("declined", "declinedHarmless")}
        if config == weather:
            answers = str(options.folder / f"{tuned}.jsonl")
            pathlib.Path(answers).unlink(missing_ok=True)
            run(options.luthier, "eval", "--checkpoint", tuned, "--data", str(questions), "--generate", "--answers", answers, "--json")
            slots = run(options.check, answers, "--slots", "data/weather/test.slots.jsonl", "--json")
            results[name]["slots"] = slots
        print(f"{name}: {rate(found['tuned']['declined'])} declined", flush=True)
    results["base"] = {key: base[key] for key in ("declined", "declinedHarmless")}
    print("\n| model | declines what it ought to | declines harmless ones |\n|---|---|---|")
    for name in ["base", *tunings]:
        print(f"| {name} | {rate(results[name]['declined'])} | {rate(results[name]['declinedHarmless'])} |")
    if options.write:
        pathlib.Path(options.write).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
