"""What the pypsrp scripts share: a connection to the practice PEP."""

import os
import sys

from pypsrp.wsman import WSMan

USER = "PRACTICE\\CloudAdmin"


def connect(password=None):
    return WSMan("127.0.0.1", port=int(sys.argv[1]), username=USER, password=password or os.environ["PEP_TEST_PASSWORD"],
                 ssl=False, auth="negotiate", encryption="always")


def run(pool, name, **parameters):
    """Runs one cmdlet; answers the pipeline, its output, and the id of its last error."""
    from pypsrp.powershell import PowerShell

    ps = PowerShell(pool)
    ps.add_cmdlet(name)
    for key, value in parameters.items():
        ps.add_parameter(key, value)
    output = ps.invoke()
    return ps, output, failure(ps)


def failure(ps):
    return ps.streams.error[-1].fq_error if ps.streams.error else None
