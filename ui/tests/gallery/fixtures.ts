import type * as c from '../../src/host/contract';

const at = 1_795_500_000;
export const address = (number: number): c.EndpointAddress => ({ host: `10.14.22.6${number}`, port: 5985, label: `ERCS0${number}` });
export const own: c.StampProfile = { id: 'west', name: 'Contoso-West', region: 'west', netbiosDomain: 'CONTOSO', dnsDomain: 'contoso.local', externalDomain: 'west.contoso.com', cloudId: 'd2b4e7a0-6a55-4c1e-9d0c-5b2f6f5d9a11', deploymentId: 'b1', version: '1.2311.1.0', addresses: [1, 2, 3].map(address), source: 'file', lastUsed: at - 3_600_000, practice: false };
export const practiceStamp: c.StampProfile = { ...own, id: 'practice', name: 'Practice', netbiosDomain: 'PRACTICE', dnsDomain: 'practice.local', addresses: [1, 2, 3].map((one) => ({ host: '127.0.0.1', port: 50_000 + one, label: `PRAC-ERCS0${one}` })), source: 'practice', lastUsed: null, practice: true };
export const ownStamp = own;

const text = (name: string, more: Partial<c.CatalogueParameter> = {}): c.CatalogueParameter => ({ name, typeName: 'String', mandatory: false, default: '', values: [], help: '', ...more });
const entry = (name: string, question: string, summary: string, duration: string, more: Partial<c.CatalogueEntry> = {}): c.CatalogueEntry => ({ name, group: 'Diagnose', question, summary, risk: 'read', duration, everyday: question !== '', blockedDuringUpdate: false, pitfalls: [], parameters: [], available: true, ...more });
const catalogue: c.CatalogueEntry[] = [
  entry('Test-AzureStack', 'healthy', 'Checks the health of the stamp.', 'usually 10 to 40 minutes', { parameters: [
    text('Include', { typeName: 'String[]', values: ['AzsControlPlane', 'AzsDefenderSummary', 'AzsHostingInfraSummary', 'AzsInfraCapacity', 'AzsInfraRoleSummary', 'AzsStorageSvcsSummary'], help: 'Only these checks.' }),
    text('Group', { values: ['Default', 'UpdateReadiness', 'SecretRotationReadiness'], help: 'A set of checks for a purpose.' }),
    text('List', { typeName: 'SwitchParameter', help: 'Only name the checks.' }),
    text('ServiceAdminCredential', { typeName: 'PSCredential', help: 'With it test resources are created.' }), text('TimeoutMinutes', { typeName: 'Int32', help: 'Ends the checks after so many minutes.' })] }),
  entry('Get-AzureStackLog', 'collectLogs', 'Collects logs and copies them to a share.', 'usually 30 to 90 minutes', { parameters: [
    text('OutputSharePath', { mandatory: true, help: 'The endpoint writes there; for example \\\\10.14.5.9\\logs.' }),
    text('OutputShareCredential', { typeName: 'PSCredential', mandatory: true, help: 'An account that may write to the share.' }),
    text('FromDate', { typeName: 'DateTime', default: 'four hours ago', help: 'Where the logs begin.' }), text('ToDate', { typeName: 'DateTime', default: 'now', help: 'Where they end.' }),
    text('FilterByRole', { typeName: 'String[]', values: ['ACS', 'ACSFabric', 'BareMetal', 'Compute', 'ECE', 'NetworkController', 'Storage', 'VirtualMachines'], help: 'Only these roles.' }),
    text('FilterByNode', { typeName: 'String[]', help: 'Only these nodes, one a line.' })] }),
  entry('Get-AzureStackStampInformation', 'whatStamp', 'Tells what this stamp is.', 'seconds'),
  entry('Get-ActionStatus', 'actionRunning', 'Tells which actions run.', 'seconds'),
  entry('Get-AzureStackUpdateStatus', 'updateRunning', 'Tells how the update goes.', 'seconds'),
  entry('Get-ClusterLog', '', 'Collects the log of the failover cluster.', 'minutes'),
  entry('Start-AzureStack', '', 'Starts the stamp after it was stopped.', 'hours', { risk: 'change' }),
  entry('Stop-AzureStack', '', 'Shuts the whole stamp down.', 'hours', { risk: 'destructive' }),
  entry('Set-SyslogServer', '', 'Sets where events are forwarded to.', 'minutes', { risk: 'change', parameters: [text('ServerName', { mandatory: true })] }),
];

export const session = (practice: boolean, state: c.SessionState = { kind: 'ready' }): c.SessionSnapshot => ({ id: 's1', stampId: practice ? 'practice' : 'west', address: practice ? (practiceStamp.addresses[0] ?? address(1)) : address(1), computer: practice ? 'PRAC-ERCS01' : 'CW-ERCS01', account: practice ? 'PRACTICE\\CloudAdmin' : 'CONTOSO\\CloudAdmin', opened: at, state, commands: catalogue.map((one) => one.name), checks: [{ check: 'ownCommands', passed: true, seen: '63' }], recordPath: '/home/operator/records/CW-20261124.pepx', practice, activeRun: null, recordFault: null });

export const question: c.IdentityQuestion = { changed: false, now: { computer: 'CW-ERCS01', domain: 'CONTOSO', dnsComputer: 'cw-ercs01.contoso.local', since: null }, before: null, expectedDomain: 'CONTOSO', domainFits: true };

export const summary = (transcripts: boolean): c.Summary => ({ transcripts, share: transcripts ? '\\\\10.14.5.9\\pep-transcripts' : '', computer: 'PRAC-ERCS01', opened: at, closed: at + 4930, commands: [{ text: 'Test-AzureStack', state: 'completed', seconds: 1040 }, { text: 'Get-AzureStackLog -OutputSharePath "\\\\10.14.5.9\\logs" -OutputShareCredential <asked, not shown>', state: 'stopped', seconds: 312 }], recordPath: '/home/operator/.local/share/pep-assistant/records/PRACTICE-20261124-1412.pepx', headHash: '9c1f4b7760f5a3e1b8d2c4496be07a51d3f8e2c09a4b5d6e7f8091a2b3c4d5e2', practice: true });

const fault = (code: string, blame: c.Blame, next: c.Next, values: Record<string, string>, detail: string[] = []): c.Fault => ({ code, blame, next, values, detail });
export const failures = {
  records: fault('PEP-1001', 'thisComputer', 'fixInput', { folder: '/home/operator/records' }),
  notAStamp: fault('PEP-1101', 'input', 'fixInput', {}, ['No property EmergencyConsoleIPAddresses']),
  noAnswer: fault('PEP-2104', 'network', 'chooseOther', { host: '10.14.22.63', port: '5985' }, ['connect: timed out after 10 s']),
  refused: fault('PEP-4103', 'input', 'fixInput', { account: 'CONTOSO\\CloudAdmin', host: '10.14.22.61' }, ['stage Sign in', 'HTTP 401 after the third message']),
  lost: fault('PEP-2201', 'network', 'reconnect', { host: '10.14.22.61' }),
  cmdlet: fault('PEP-7199', 'endpoint', 'askSupport', { message: 'The role is not available.' }, ['FullyQualifiedErrorId RoleNotAvailable']),
  share: fault('PEP-8103', 'input', 'fixInput', { account: 'CONTOSO\\logwriter', share: '\\\\10.14.5.9\\pep-transcripts' }, ['System error 1326']),
};

export function snapshot(which: string): c.AppSnapshot {
  const base: c.AppSnapshot = { version: '0.1.0', keyringName: 'Secret Service', keyringProblem: null, stamps: [practiceStamp], practice: { account: 'PRACTICE\\CloudAdmin', password: 'Practice-Only-1!', scenarios: [], scenario: 'healthy', speed: 60 }, unfinished: [], session: null, catalogue, fileArguments: 0, recordsFault: null };
  if (which === 'returning') return { ...base, stamps: [practiceStamp, own], unfinished: [{ recordId: 'r1', stampId: 'west', endpoint: '10.14.22.62:5985', computer: 'CW-ERCS02', account: 'CONTOSO\\CloudAdmin', opened: at - 7200, practice: false, leftRunning: false, alteredAt: null }] };
  if (which === 'records') return { ...base, recordsFault: failures.records };
  if (which === 'session') return { ...base, stamps: [practiceStamp, own], session: session(false) };
  return base;
}
