"""A wrong password is refused."""

import json

from common import connect
from pypsrp.powershell import RunspacePool

try:
    with RunspacePool(connect("wrong"), configuration_name="PrivilegedEndpoint"):
        seen = {"error": None}
except Exception as error:
    seen = {"error": type(error).__name__}
print(json.dumps(seen))
