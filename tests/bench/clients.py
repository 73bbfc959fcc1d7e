"""Our client beside others against the same server on the same machine: one row for each kind of work.

    cargo build --release -p pepctl
    target/tools/venv/bin/python tests/bench/clients.py target/release/pepctl [--psrp-rs PROGRAM] [--go-psrp PROGRAM] [--runs 5]

Each measurement is a process of its own: it opens a pool, does the work, and says what the work took (`open`: what the
opening took). The clients take turns, so that what else the machine does meets all of them. Programs for other clients
are called with a port and the work, with the password in PW, and print one JSON object with `wall_s`, `cpu_s`,
`peak_rss_kib` and `records`; README.md tells how to get them. Prints a table with medians.
"""

import argparse
import contextlib
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

from pep_peer.harness import PASSWORD, USER, Peer  # noqa: E402

WORK = {
    "open": 0,
    "small:200": 200,
    "flood:20x1000000:String": 20,
    "flood:2000x10000:String": 2_000,
    "flood:40000x500:String": 40_000,
    "flood:40000x200:Object": 40_000,
}


def with_pypsrp(port, work):
    """What the other programs do, with pypsrp in this process."""
    from pypsrp.powershell import PowerShell, RunspacePool
    from pypsrp.wsman import WSMan

    def run(pool, name, **parameters):
        shell = PowerShell(pool)
        shell.add_cmdlet(name).add_parameters(parameters)
        return len(shell.invoke())

    cpu, wall, records = time.process_time(), time.perf_counter(), 0
    wsman = WSMan("127.0.0.1", port=port, ssl=False, auth="negotiate", username=USER, password=os.environ["PW"])
    pool = RunspacePool(wsman, configuration_name="PrivilegedEndpoint")
    pool.open()
    kind, *rest = work.split(":")
    if kind != "open":
        cpu, wall = time.process_time(), time.perf_counter()
    if kind == "small":
        records = sum(run(pool, "Test-Echo", Value=7) for _ in range(int(rest[0])))
    elif kind == "flood":
        count, size = (int(part) for part in rest[0].split("x"))
        records = run(pool, "Test-Flood", Count=count, Size=size, Kind=rest[1])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "peak_rss_kib": peak, "records": records}))
    pool.close()


def with_ours(program, port, work, scheme):
    kind, *rest = work.split(":")
    arguments = ["--runs", "1", "--small", rest[0] if kind == "small" else "0", "--command", "Test-Echo"]
    if kind == "flood":
        arguments += ["--flood", ":".join(rest)]
    output = subprocess.run(
        [program, "--endpoint", f"{scheme}127.0.0.1:{port}", "--user", USER, "--trust-first-use", "bench", *arguments, "--json"],
        env=dict(os.environ, PEPCTL_PASSWORD=PASSWORD), check=True, stdout=subprocess.PIPE).stdout
    seen = json.loads(output)
    if kind == "open":
        peak = seen["small"]["peak_rss_kib"]
        return {"wall_s": seen["open_ms"][0] / 1000, "cpu_s": seen["open_cpu_s"][0], "peak_rss_kib": peak, "records": 0}
    of = seen["small"] if kind == "small" else seen["floods"][0]
    peak = of["peak_rss_kib"] if kind == "small" else of["peak_rss_kib"][0]
    return {"wall_s": of["wall_s"][0], "cpu_s": of["cpu_s"][0], "peak_rss_kib": peak, "records": WORK[work]}


def call(*command):
    output = subprocess.run([str(part) for part in command], env=dict(os.environ, PW=PASSWORD), check=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return json.loads(output.splitlines()[-1])


def table(clients, port, runs):
    rows = []
    for work, wanted in WORK.items():
        figures = {name: [] for name in clients}
        for _ in range(runs):
            for name, client in clients.items():
                seen = client(port, work)
                if seen["records"] != wanted:
                    raise SystemExit(f"{name}: {seen['records']} records of {wanted} for {work}")
                figures[name].append(seen)
        middle = {name: {key: statistics.median(one[key] for one in all_) for key in all_[0]}
                  for name, all_ in figures.items()}
        cells = [f"{one['wall_s']:.3f} s ({one['cpu_s']:.3f}) {one['peak_rss_kib'] / 1024:.0f} MiB" for one in middle.values()]
        rows.append(f"| {work} | " + " | ".join(cells) + " |")
        print(rows[-1], file=sys.stderr)
    head = ["| wall (CPU) peak memory | " + " | ".join(clients) + " |", "|" + " --- |" * (len(clients) + 1)]
    print("\n".join(head + rows), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--psrp-rs")
    parser.add_argument("--go-psrp")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pypsrp", nargs=2, metavar=("PORT", "WORK"), help="be the pypsrp client")
    arguments = parser.parse_args()
    if arguments.pypsrp:
        return with_pypsrp(int(arguments.pypsrp[0]), arguments.pypsrp[1])

    sealed = {"ours": lambda port, work: with_ours(arguments.program, port, work, "")}
    if arguments.psrp_rs:
        sealed["psrp-rs"] = lambda port, work: call(arguments.psrp_rs, port, work)
    sealed["pypsrp"] = lambda port, work: call(sys.executable, __file__, "--pypsrp", port, work)
    # psrp-rs knows one session configuration only, by its constant name.
    with Peer("--configuration", "PrivilegedEndpoint", "--configuration", "Microsoft.PowerShell") as peer:
        table(sealed, peer.port, arguments.runs)
    if arguments.go_psrp:
        with contextlib.ExitStack() as stack:
            peer = stack.enter_context(Peer("--tls"))
            print("\nOver HTTPS, where go-psrp sends its messages as they are and ours stay sealed:\n", flush=True)
            table({"ours": lambda port, work: with_ours(arguments.program, port, work, "https://"),
                   "go-psrp": lambda port, work: call(arguments.go_psrp, port, work)}, peer.port, arguments.runs)


if __name__ == "__main__":
    main()
