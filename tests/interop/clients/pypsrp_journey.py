"""The whole journey: open, list, run, be refused, answer, send a credential, close."""

import json

from common import connect, failure, run
from pypsrp.complex_objects import PSCredential, PSInvocationState
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool

prompted = []


class UI(PSHostUserInterface):
    def Prompt(self, runspace, pipeline, caption, message, description):
        names = [field.extended_properties["name"] for field in description]
        prompted.extend(names)
        return {name: "token" for name in names}

    def PromptForChoice(self, runspace, pipeline, caption, message, choices, default_choice):
        return 0


seen = {}
host = PSHost(None, None, False, "test", None, UI(), "1.0")
with RunspacePool(connect(), configuration_name="PrivilegedEndpoint", host=host) as pool:
    seen["commands"] = [item.adapted_properties["Name"] for item in run(pool, "Get-Command")[1]]
    seen["check"] = run(pool, "Test-AzureStack", Include=["AzsAcsSummary", "AzsInfraCapacity"])[1]
    script = PowerShell(pool)
    script.add_script("Get-Date; 1")
    script.invoke()
    seen["script_error"] = failure(script)
    seen["unknown_error"] = run(pool, "Get-Nonsense")[2]
    seen["choice_output"] = run(pool, "Remove-CloudAdminUser", UserName="tester")[1]
    run(pool, "Unlock-SupportSession")
    seen["prompted"] = prompted
    pool.exchange_keys()
    credential = PSCredential(username="CONTOSO\\writer", password="p\u00e4ssw\u00f6rd\U0001f600")
    ps, _, error = run(pool, "Close-PrivilegedEndpoint", TranscriptsPathDestination="\\\\192.0.2.9\\transcripts", Credential=credential)
    seen["close_state"] = "Completed" if ps.state == PSInvocationState.COMPLETED else error
print(json.dumps(seen))
