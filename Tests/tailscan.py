#!/usr/bin/env python3
"""Finds functions that throw by mistake because of a defect of the Swift compiler.

    python3 Tests/tailscan.py .build/release

On x86-64 a throwing Swift function reports its error in the register %r12: null where it threw nothing. The function
may use the register for other things in between. Swift 6.3.1 can compile one whose last act is a copy or a fill of
memory (`update(from:count:)`, `initialize(repeating:count:)`, `memcpy` …) to a jump into memcpy, memmove or memset
without having put the null back: the caller then sees an error that nobody threw, and crashes on reading it.

The script disassembles every object file below the given folder with `objdump`, follows %r12 and the places where its
value at entry was saved along every path of each function, and lists the functions that can reach such a jump with
another value in it. Exit status: 0 none found, 1 some found, 2 the script could not look. A fix for a finding is an
act after the copy that the compiler cannot remove, or a closure that does not throw around it.

Other processors have their error in other registers and are not looked at.
"""

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

#: What the compiler itself calls: copies, fills, and the mathematics that it knows.
LIBRARY = re.compile(r"^(mem(move|cpy|set|cmp)|bzero|__mem\w+_chk|(fmod|exp|exp2|log|log2|log10|pow|sin|cos|fma)f?)$")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)(?:\s+([^#<]*[^#<\s]))?")
RELOCATION = re.compile(r"^\s+[0-9a-f]+:\s+R_X86_64_\w+\s+(\S+?)(?:[-+]0x[0-9a-f]+)?$")
ERROR = "%r12"
#: The names that parts of a register go by, for the registers that a copy can be kept in.
FULL = {f"%r{n}{part}": f"%r{n}" for n in range(8, 16) for part in ("", "d", "w", "b")}
for name in ("ax", "bx", "cx", "dx", "si", "di", "bp"):
    FULL |= {f"%{part}{name}": f"%r{name}" for part in ("r", "e", "")}
#: What a called function may overwrite.
VOLATILE = {"%rax", "%rcx", "%rdx", "%rsi", "%rdi", "%r8", "%r9", "%r10", "%r11"}
READERS = {"cmp", "test", "bt", "push", "nop", "nopw", "nopl", "ud2", "ret"}


class Instruction:
    def __init__(self, address, name, operands):
        self.address, self.name, self.operands = address, name, operands
        self.relocation = None

    @property
    def is_jump(self):
        return self.name.startswith("j")


def operands_of(text):
    """`0x8(%rsp,%rax,2),%r12` is two operands."""
    return [FULL.get(part, part) for part in re.split(r",(?![^(]*\))", text or "") if part]


def functions(listing):
    """Pairs of name and instructions."""
    name, body = None, []
    for line in listing:
        if match := FUNCTION.match(line):
            if body:
                yield name, body
            name, body = match[1], []
        elif match := RELOCATION.match(line):
            if body:
                body[-1].relocation = match[1]
        elif name and (match := INSTRUCTION.match(line)):
            body.append(Instruction(int(match[1], 16), match[2], operands_of(match[3])))
    if body:
        yield name, body


def is_suspect(instruction):
    return instruction.is_jump and instruction.relocation and LIBRARY.match(instruction.relocation.split("@")[0])


def after(instruction, places):
    """The places that hold the value from entry (or null) after an instruction, given those in front of it."""
    name, operands = instruction.name, instruction.operands
    if name.startswith("call"):
        return places - VOLATILE
    if name == "pop":
        # Saved by a push at entry; where %r12 is pushed it is an ordinary register of an ordinary function.
        return places | {ERROR} if operands == [ERROR] else places - set(operands)
    if not operands or instruction.is_jump or name.rstrip("lqwb") in READERS or name in READERS:
        return places
    target = operands[-1]
    if name.startswith("xor") and len(operands) == 2 and operands[0] == target:
        return places | {target} if target == ERROR else places - {target}
    if name.startswith("mov") and operands[0] in places:
        return places | {target}
    return places - {target}


def findings(body):
    """The suspect jumps of one function that are reached with something else in the register."""
    if not any(map(is_suspect, body)):
        return []
    index_of = {instruction.address: index for index, instruction in enumerate(body)}
    known = {0: frozenset({ERROR})}
    pending = [0]
    found = set()
    while pending:
        index = pending.pop()
        instruction = body[index]
        places = known[index]
        if is_suspect(instruction) and ERROR not in places:
            found.add(index)
        following = frozenset(after(instruction, places))
        next_places, jump_places = following, following
        before = body[index - 1] if index else None
        if before and before.name.startswith("test") and before.operands == [ERROR, ERROR]:
            # After a call that may throw: null on one side, its error on the other.
            if instruction.name == "je":
                next_places, jump_places = following - {ERROR}, following | {ERROR}
            elif instruction.name == "jne":
                next_places, jump_places = following | {ERROR}, following - {ERROR}
        ways = []
        if instruction.name not in ("jmp", "jmpq", "ret", "retq", "ud2"):
            ways.append((index + 1, next_places))
        if instruction.is_jump and not instruction.relocation and instruction.operands:
            try:
                ways.append((index_of.get(int(instruction.operands[0], 16)), jump_places))
            except ValueError:
                # A jump through a table can lead anywhere in the function.
                ways += [(other, jump_places) for other in range(len(body))]
        for target, places in ways:
            if target is None or target >= len(body):
                continue
            merged = places if target not in known else known[target] & places
            if known.get(target) != merged:
                known[target] = merged
                pending.append(target)
    return sorted(body[index].address for index in found)


BROKEN = """
0000000000000000 <restored>:
   0:\tmov    %r12,0x8(%rsp)
   5:\tmov    (%r8,%rax,8),%r12
   9:\tmov    0x8(%rsp),%r12
   e:\tjmp    13 <restored+0x13>
\t\t\tf: R_X86_64_PLT32\tmemmove-0x4
0000000000000020 <forgotten>:
  20:\tmov    %r12,0x8(%rsp)
  25:\tmov    (%r8,%rax,8),%r12
  29:\tjmp    2e <forgotten+0xe>
\t\t\t2a: R_X86_64_PLT32\tmemmove-0x4
0000000000000030 <forgotten_on_one_path>:
  30:\ttest   %rdi,%rdi
  33:\tje     38 <forgotten_on_one_path+0x8>
  35:\tmov    %rsi,%r12
  38:\tjmp    3d <forgotten_on_one_path+0xd>
\t\t\t39: R_X86_64_PLT32\tmemset-0x4
0000000000000040 <tested>:
  40:\tcall   45 <tested+0x5>
\t\t\t41: R_X86_64_PLT32\t$s4main1gyyKF-0x4
  45:\ttest   %r12,%r12
  48:\tjne    4f <tested+0xf>
  4a:\tjmp    4f <tested+0xf>
\t\t\t4b: R_X86_64_PLT32\tmemcpy-0x4
  4f:\tret
0000000000000050 <saved>:
  50:\tpush   %r12
  52:\tmov    %rdi,%r12
  55:\tpop    %r12
  57:\tjmp    5c <saved+0xc>
\t\t\t58: R_X86_64_PLT32\tmemcpy-0x4
"""


def check_itself():
    found = [name for name, body in functions(BROKEN.splitlines()) if findings(body)]
    if found != ["forgotten", "forgotten_on_one_path"]:
        print(f"error: tailscan.py misjudges its own examples: it objects to {found}", file=sys.stderr)
        sys.exit(2)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip().replace("\n\n", "\n", 1), file=sys.stderr)
        return 2
    check_itself()
    if platform.machine() not in ("x86_64", "AMD64"):
        print(f"tailscan: nothing to look at on {platform.machine()}")
        return 0
    folder = Path(sys.argv[1]).resolve()
    objects = sorted(folder.rglob("*.o"))
    if not objects:
        print(f"error: no object files below {folder}: build first", file=sys.stderr)
        return 2
    if not shutil.which("objdump"):
        print("error: objdump is missing: install binutils", file=sys.stderr)
        return 2
    broken, jumps = [], 0
    for path in objects:
        listing = subprocess.run(
            ["objdump", "-dr", "--no-show-raw-insn", str(path)], capture_output=True, text=True, check=True)
        for name, body in functions(listing.stdout.splitlines()):
            jumps += sum(1 for instruction in body if is_suspect(instruction))
            broken += [(path, name, address) for address in findings(body)]
    for path, name, address in broken:
        print(f"{path.relative_to(folder)}: {name} leaves another value in {ERROR} at {address:#x}")
    print(f"tailscan: {len(objects)} object files, {jumps} jumps into the C library, {len(broken)} of them broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
