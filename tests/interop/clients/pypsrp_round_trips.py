"""Opens a pool and runs two commands; prints how many requests each took, all of which pypsrp waits for one by one.

    pypsrp_round_trips.py PORT CONTROL
"""

import json
import sys
import urllib.request

from common import connect, run
from pypsrp.powershell import RunspacePool


def requests():
    with urllib.request.urlopen(sys.argv[2]) as answer:
        return json.load(answer)["stats"]["requests"]


counts = [requests()]
pool = RunspacePool(connect(), configuration_name="PrivilegedEndpoint")
pool.open()
counts.append(requests())
for _ in range(2):
    _, output, error = run(pool, "Test-Echo", Value=7)
    assert output == [7] and error is None, (output, error)
    counts.append(requests())
print(json.dumps([after - before for before, after in zip(counts, counts[1:])]))
