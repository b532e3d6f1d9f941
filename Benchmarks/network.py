#!/usr/bin/env python3
"""Ranks on separate hosts, joined by links of a given speed: network namespaces with veth pairs and a token bucket (`tc` tbf).

    apt-get install iproute2 openmpi-bin
    python3 Benchmarks/network.py .build/release/benchmarks [--hosts 2] [--rates none,10gbit,1gbit] [--delay MICROSECONDS]
                                  [--work full-4096,full-1024,lora-1024]

Needs root. With a delay two hosts are joined by a relay over TUN devices (peers/delay.c), since not every kernel has netem. Each host has one rank of one thread. The efficiency is the tokens per second of all hosts, divided by their number
times those of one rank alone; next to it is what a simple model says: a step takes its computation on one host divided by the
hosts, and what is left of the transfer after the backward pass of the last micro-batch. Prints a table and one line of JSON.
"""

import argparse
import contextlib
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

NETWORK = "10.77.0"
BRIDGE = "luthier-bridge"
PARAMETERS = {"full": 124_439_808, "lora": 1_179_648}
BITS = {"gbit": 1e9, "mbit": 1e6}


def run(*command, check=True):
    return subprocess.run(list(map(str, command)), check=check, capture_output=True, text=True)


def address(host):
    return f"{NETWORK}.{host + 1}"


@contextlib.contextmanager
def distant(rate, delay, relay):
    """Two namespaces luthier-ADDRESS between which a packet takes so many microseconds."""
    names, process = [f"luthier-{address(host)}" for host in range(2)], None
    try:
        for name in names:
            run("ip", "netns", "add", name)
        process = subprocess.Popen([relay, *names, str(delay)], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        for host, name in enumerate(names):
            run("ip", "-n", name, "addr", "add", f"{address(host)}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "mtu", "9000", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
            if rate:
                run("tc", "-n", name, "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "512kb", "latency", "50ms")
        yield names
    finally:
        if process:
            process.kill()
        for name in names:
            run("ip", "netns", "del", name, check=False)


@contextlib.contextmanager
def hosts(count, rate):
    """Namespaces luthier-ADDRESS on a bridge in another one; every direction of every link has this rate."""
    names = [f"luthier-{address(host)}" for host in range(count)]
    try:
        run("ip", "netns", "add", BRIDGE)
        run("ip", "-n", BRIDGE, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", BRIDGE, "link", "set", "bridge", "up")
        for host, name in enumerate(names):
            run("ip", "netns", "add", name)
            run("ip", "link", "add", "eth0", "netns", name, "type", "veth", "peer", "name", f"port{host}", "netns", BRIDGE)
            run("ip", "-n", BRIDGE, "link", "set", f"port{host}", "master", "bridge", "up")
            run("ip", "-n", name, "addr", "add", f"{address(host)}/24", "dev", "eth0")
            for link in ("eth0", "lo"):
                run("ip", "-n", name, "link", "set", link, "up")
            if rate:
                for place, link in ((name, "eth0"), (BRIDGE, f"port{host}")):
                    run("tc", "-n", place, "qdisc", "add", "dev", link, "root", "tbf", "rate", rate, "burst", "512kb", "latency", "50ms")
        yield names
    finally:
        for name in [*names, BRIDGE]:
            run("ip", "netns", "del", name, check=False)


def measure(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"error: {' '.join(command)} ended with {result.returncode}\n{result.stderr[-2000:]}")
    return json.loads([line for line in result.stdout.splitlines() if line.startswith("{")][-1])


def paper(rate, tokens_per_second, parameters=PARAMETERS["full"], batch=4096, latency=3e-5, bucket=33.5e6):
    """The model for more hosts than there are here: what share of n times one host's tokens per second n hosts reach, with the same
    batch for each host, and with the same batch for all of them together. A message between two hosts costs `latency`
    more than its bytes, and each bucket takes n - 1 of them for its sum and as many to spread it."""
    rows = []
    for count in (8, 64, 512):
        speed = BITS[rate[-4:]] * float(rate[:-4]) / 8
        buckets = 4 * parameters / bucket
        transfer = 2 * (count - 1) / count * 4 * parameters / speed + 2 * (count - 1) * latency * buckets
        shares = []
        for tokens in (batch, batch / count):
            compute = tokens / tokens_per_second
            micro = min(1024, tokens) / tokens_per_second
            shares.append(compute / (compute + max(0, transfer - 2 / 3 * micro)))
        rows.append((count, transfer, *shares))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmarks")
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--rates", default="none,10gbit,1gbit")
    parser.add_argument("--work", default="full-4096,full-1024,lora-1024")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--delay", type=int, default=0, metavar="MICROSECONDS", help="of each packet between two hosts")
    parser.add_argument("--paper", type=float, metavar="TOKENS", help="print the model for 8, 64 and 512 hosts of so many tokens a second")
    options = parser.parse_args()
    if options.paper:
        for rate in ("1gbit", "10gbit", "100gbit"):
            for count, transfer, each, together in paper(rate, options.paper):
                print(f"{rate:>8} {count:>4} hosts: {transfer:.2f} s of transfer; {each:.0%} with 4,096 tokens for each host, "
                      f"{together:.0%} with 4,096 in all")
        return
    if os.geteuid() != 0:
        sys.exit("error: network namespaces need root")
    program, rows = str(Path(options.benchmarks).resolve()), []
    with tempfile.TemporaryDirectory() as folder:
        relay = str(Path(folder) / "delay")
        if options.delay:
            run("cc", "-O2", "-pthread", "-o", relay, Path(__file__).resolve().parent / "peers/delay.c")
        agent = Path(folder) / "agent"
        # Ranks of one name would take the host for their own machine, where large messages are better.
        agent.write_text('#!/bin/sh\nhost=$1\nshift\nexec ip netns exec "luthier-$host" unshare --uts sh -c "hostname luthier-$host; $*"\n')
        agent.chmod(agent.stat().st_mode | stat.S_IXUSR)
        for work in options.work.split(","):
            method, tokens = work.split("-")
            command = [program, "train", "--shape", "gpt2", "--method", method, "--context", "256", "--batch", "4", "--accumulation",
                       str(int(tokens) // 1024), "--steps", str(options.steps), "--threads", "1", "--json"]
            alone = measure(command)
            for rate in options.rates.split(","):
                given = None if rate == "none" else rate
                with distant(given, options.delay, relay) if options.delay else hosts(options.hosts, given) as names:
                    settings = {"plm_rsh_agent": str(agent), "btl": "tcp,self", "btl_tcp_if_include": f"{NETWORK}.0/24",
                                "oob_tcp_if_include": f"{NETWORK}.0/24", "orte_keep_fqdn_hostnames": "1"}
                    launcher = ["ip", "netns", "exec", names[0], "mpirun.openmpi", "--allow-run-as-root", "--bind-to", "none", "--host",
                                ",".join(address(host) for host in range(options.hosts)), "-n", str(options.hosts)]
                    for key, value in settings.items():
                        launcher += ["--mca", key, value]
                    seen = measure([*launcher, *command])
                count = options.hosts
                compute = alone["secondsPerStep"] / count
                # Each rank sends and receives (n - 1) / n of the gradients' bytes twice: for the sums, and for their spreading.
                speed = BITS[rate[-4:]] * float(rate[:-4]) / 8 if rate != "none" else float("inf")
                transfer = 2 * (count - 1) / count * 4 * PARAMETERS[method] / speed
                # Two thirds of the last micro-batch are its backward pass; LoRA's few bytes are sent after it.
                parts = max(1, int(tokens) // 1024 // count)
                hidden = 2 / 3 * compute / parts if method == "full" else 0
                row = {"work": work, "rate": rate, "delay": options.delay, "tokensPerSecond": int(tokens) / seen["secondsPerStep"],
                       "alone": int(tokens) / alone["secondsPerStep"], "efficiency": alone["secondsPerStep"] / seen["secondsPerStep"] / count,
                       "model": compute / (compute + max(0, transfer - hidden)), "transferred": max(seen["secondsTransferred"]),
                       "hidden": min(seen["hiddenShares"])}
                rows.append(row)
                print("  ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()), flush=True)
    print(json.dumps({"network": rows, "hosts": options.hosts}))


if __name__ == "__main__":
    main()
