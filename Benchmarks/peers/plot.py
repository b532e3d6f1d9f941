#!/usr/bin/env python3
"""Draws docs/pictures/speed.svg from the tables of Benchmarks/results/: how many times as fast as its peers Luthier is.

A row that a machine's tables do not have gets no bar. `--check` compares the picture with what is drawn.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RESULTS, PICTURE = ROOT / "Benchmarks" / "results", ROOT / "docs" / "pictures" / "speed.svg"
MACHINES = [("AMD EPYC (Zen 5)", ["2026-11-21.md", "2026-11-25-6fb5b6c.md"]), ("Intel Xeon (AMX)", ["2026-11-27-intel.md"])]
#: What a bar says, the row's work, and its peer.
ROWS = [("Full fine-tuning, SmolLM2-135M, against PyTorch", "full fine-tuning, SmolLM2-135M, B 4 × T 256, f32", "PyTorch eager"),
        ("LoRA, SmolLM2-135M, against PEFT", "LoRA r 8 on all linear layers, SmolLM2-135M, B 4 × T 256, f32", "PEFT"),
        ("The faster precision, against PyTorch's fastest", "full fine-tuning, SmolLM2-135M, B 4 × T 256, precision auto",
         "the fastest of PyTorch eager and compiled, f32 and bf16"),
        ("Answers in int8, against llama.cpp", "generate, batch 1, SmolLM2-135M, int8 weights", "llama.cpp Q8_0"),
        ("Reading a prompt, against llama.cpp", "reading a prompt of 512 tokens, SmolLM2-135M, f32", "llama.cpp F32"),
        ("Text to tokens, against tiktoken", "GPT-2 BPE encoding, one thread, English prose", "tiktoken")]
LEFT, TOP, BAR, UNIT, WIDTH = 330, 40, 15, 110, 760


def ratios(files):
    """Times as fast, by work and peer."""
    found = {}
    for name in files:
        for line in (RESULTS / name).read_text(encoding="utf-8").splitlines() if (RESULTS / name).exists() else []:
            cells = [cell.strip() for cell in line.strip("| ").split("|")]
            ratio = next((re.fullmatch(r"\*\*([\d.]+)×\*\*", cell) for cell in cells if cell.startswith("**")), None)
            if ratio and len(cells) > 2:
                found[cells[0], cells[2]] = float(ratio.group(1))
    return found


def picture():
    measured = [(name, ratios(files)) for name, files in MACHINES]
    step = len(MACHINES) * BAR + 14
    height = TOP + step * len(ROWS) + 30
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="system-ui, sans-serif">',
             "<title>How many times as fast as its peers Luthier is, on the same two cores</title>",
             "<style>text{fill:#1c2733;font-size:13px}.m0{fill:#3d6fb4}.m1{fill:#d08a3c}.v{font-size:12px}line{stroke:#8795a5}"
             "@media(prefers-color-scheme:dark){text{fill:#e8edf3}.m0{fill:#7fa8e0}.m1{fill:#e0a765}}</style>"]
    for index, (name, _) in enumerate(measured):
        lines.append(f'<rect class="m{index}" x="{LEFT + 190 * index}" y="8" width="12" height="12"/>'
                     f'<text x="{LEFT + 190 * index + 18}" y="19">{name}</text>')
    for number, (label, work, peer) in enumerate(ROWS):
        top = TOP + step * number
        lines.append(f'<text x="{LEFT - 8}" y="{top + step / 2}" text-anchor="end">{label}</text>')
        for index, (_, found) in enumerate(measured):
            ratio, y = found.get((work, peer)), top + index * BAR
            if ratio is None:
                lines.append(f'<text class="v" x="{LEFT + 6}" y="{y + 12}">not measured</text>')
                continue
            lines.append(f'<rect class="m{index}" x="{LEFT}" y="{y}" width="{ratio * UNIT:.0f}" height="{BAR - 2}"/>'
                         f'<text class="v" x="{LEFT + ratio * UNIT + 6:.0f}" y="{y + 12}">{ratio:.2f}×</text>')
    bottom = TOP + step * len(ROWS)
    lines.append(f'<line x1="{LEFT + UNIT}" y1="{TOP - 8}" x2="{LEFT + UNIT}" y2="{bottom}" stroke-dasharray="4 3"/>'
                 f'<text class="v" x="{LEFT + UNIT}" y="{bottom + 16}" text-anchor="middle">as fast as the peer</text>')
    return "\n".join(lines + ["</svg>"]) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PICTURE.write_text(picture(), encoding="utf-8")
    elif not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != picture():
        sys.exit("docs/pictures/speed.svg is not what Benchmarks/peers/plot.py draws: run it")
