"""Our client and pypsrp against the same server on the same machine: opening, small commands, floods.

    cargo build --release -p pepctl
    target/tools/venv/bin/python tests/bench/compare.py target/release/pepctl [--runs 5]

Prints one JSON object with medians and the ratio pypsrp / ours. The server is the independent peer, so its own time is in
both sides' figures alike.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/peer"))

from pep_peer.harness import Peer  # noqa: E402

USER, PASSWORD = r"AZURESTACK\cloudadmin", "Password123!"


def ours(program, port, arguments):
    environment = dict(os.environ, PEPCTL_PASSWORD=PASSWORD)
    output = subprocess.run(
        [program, "--endpoint", f"127.0.0.1:{port}", "--user", USER, "--trust-first-use", "bench",
         "--runs", str(arguments.runs), "--small", str(arguments.small), "--command", "Test-Echo",
         "--flood", arguments.flood, "--json"],
        env=environment, check=True, stdout=subprocess.PIPE).stdout
    seen = json.loads(output)
    return {
        "commands_ms": seen["commands_ms"],
        "small_s": [run["wall_s"] for run in flat(seen["small"])],
        "small_cpu_s": [run["cpu_s"] for run in flat(seen["small"])],
        "flood_s": [run["wall_s"] for run in flat(seen["floods"])],
        "flood_cpu_s": [run["cpu_s"] for run in flat(seen["floods"])],
        "peak_rss_kib": [run["peak_rss_kib"] for run in flat(seen["floods"])],
    }, seen


def flat(runs):
    """One entry per run, whether the figures are lists inside or the runs are a list."""
    out = []
    for entry in runs if isinstance(runs, list) else [runs]:
        if isinstance(entry, list):
            out += flat(entry)
        elif isinstance(entry.get("wall_s"), list):
            count = len(entry["wall_s"])
            out += [{key: value[at] if isinstance(value, list) else value for key, value in entry.items()}
                    for at in range(count)]
        else:
            out.append(entry)
    return out


def theirs(port, arguments):
    from pypsrp.powershell import PowerShell, RunspacePool
    from pypsrp.wsman import WSMan

    def run(pool, name, **parameters):
        shell = PowerShell(pool)
        shell.add_cmdlet(name).add_parameters(parameters)
        return shell.invoke()

    count, size = (int(part) for part in arguments.flood.split(":")[0].split("x"))
    figures = {name: [] for name in ["commands_ms", "small_s", "small_cpu_s", "flood_s", "flood_cpu_s", "peak_rss_kib"]}
    for _ in range(arguments.runs):
        started = time.perf_counter()
        wsman = WSMan("127.0.0.1", port=port, ssl=False, auth="negotiate", username=USER, password=PASSWORD)
        with RunspacePool(wsman, configuration_name="PrivilegedEndpoint") as pool:
            run(pool, "Get-Command")
            figures["commands_ms"].append((time.perf_counter() - started) * 1000)
            for prefix, work in [
                ("small", lambda: [run(pool, "Test-Echo", Value=7) for _ in range(arguments.small)]),
                ("flood", lambda: run(pool, "Test-Flood", Count=count, Size=size)),
            ]:
                wall, cpu = time.perf_counter(), time.process_time()
                work()
                figures[f"{prefix}_s"].append(time.perf_counter() - wall)
                figures[f"{prefix}_cpu_s"].append(time.process_time() - cpu)
            figures["peak_rss_kib"].append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--small", type=int, default=200)
    parser.add_argument("--flood", default="2000x10000", help="COUNTxSIZE; 2000x10000 is 20 MB")
    arguments = parser.parse_args()
    with Peer() as peer:
        mine, raw = ours(arguments.program, peer.port, arguments)
    with Peer() as peer:
        other = theirs(peer.port, arguments)
    middle = {who: {name: round(statistics.median(values), 4) for name, values in figures.items()}
              for who, figures in [("ours", mine), ("pypsrp", other)]}
    middle["pypsrp_over_ours"] = {name: round(middle["pypsrp"][name] / middle["ours"][name], 2)
                                  for name in mine if middle["ours"][name]}
    middle["round_trips"] = raw["round_trips"]
    print(json.dumps(middle, indent=1))


main()
