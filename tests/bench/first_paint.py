"""How long the app takes from its start to its first drawn screen, and what it holds in memory then.

    cargo build --release -p pep-assistant
    sh tests/e2e/in-private-session.sh python3 tests/bench/first_paint.py target/release/pep-assistant [--starts 10]

Every start has a data folder of its own, so that each is a first one, in practice mode. The clock runs from the moment
before the process is made until the app says that its first screen is drawn. Memory is the proportional share (PSS) of the
app and its web processes two seconds later. Prints one JSON object with all values and their medians.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import tempfile
import time

DRAWN = "The first screen is drawn"


def family(root):
    """The process and all that descend from it."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {root}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def pss_kib(processes):
    total = 0
    for process in processes:
        try:
            lines = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def start(program):
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, **{f"XDG_{name}_HOME": f"{folder}/{name}" for name in ["DATA", "CONFIG", "CACHE"]})
        began = time.perf_counter()
        app = subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            for line in app.stderr:
                if DRAWN in line:
                    drawn = (time.perf_counter() - began) * 1000
                    break
            else:
                raise SystemExit("the app ended before it had drawn anything")
            # The web processes go on with their set-up; this is the state at rest.
            time.sleep(2)
            return drawn, pss_kib(family(app.pid))
        finally:
            app.send_signal(signal.SIGTERM)
            app.wait()
            app.stderr.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--starts", type=int, default=10)
    arguments = parser.parse_args()
    start(arguments.program)  # Warms the file cache; not counted.
    drawn, memory = zip(*(start(arguments.program) for _ in range(arguments.starts)))
    print(json.dumps({
        "first_paint_ms": {"median": round(statistics.median(drawn)), "all": [round(value) for value in drawn]},
        "pss_mib": {"median": round(statistics.median(memory) / 1024), "all": [round(value / 1024) for value in memory]},
    }))


main()
