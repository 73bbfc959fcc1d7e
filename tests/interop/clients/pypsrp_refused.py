"""Closing fails on one share and works on another; the session stays open in between."""

import json

from common import connect, run
from pypsrp.complex_objects import PSCredential, PSInvocationState
from pypsrp.powershell import RunspacePool

seen = {}
with RunspacePool(connect(), configuration_name="PrivilegedEndpoint") as pool:
    pool.exchange_keys()
    credential = PSCredential(username="CONTOSO\\writer", password="secret")
    close = lambda share: run(pool, "Close-PrivilegedEndpoint", TranscriptsPathDestination=share, Credential=credential)
    seen["first"] = str(close("\\\\192.0.2.50\\transcripts")[0].streams.error[-1])
    seen["second"] = "Completed" if close("\\\\192.0.2.9\\transcripts")[0].state == PSInvocationState.COMPLETED else "not"
print(json.dumps(seen))
