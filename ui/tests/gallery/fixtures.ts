import type * as c from '../../src/host/contract';
import words from '../../src/words/faults.en.json';

/** The moment at which the gallery's clock stands, in seconds since 1970. */
const now = 1_795_502_467;
const at = now - 2_467;
export const address = (number: number): c.EndpointAddress => ({
  host: `10.14.22.6${number}`,
  port: 5985,
  label: `ERCS0${number}`,
});
const stamp: c.StampProfile = {
  id: 'west',
  name: 'Contoso-West',
  region: 'west',
  netbiosDomain: 'CONTOSO',
  dnsDomain: 'contoso.local',
  externalDomain: 'west.contoso.com',
  cloudId: 'd2b4e7a0-6a55-4c1e-9d0c-5b2f6f5d9a11',
  deploymentId: 'b1',
  version: '1.2311.1.0',
  resourceManager: '',
  addresses: [1, 2, 3].map(address),
  source: 'file',
  lastUsed: null,
  practice: false,
  fallBack: 'ask',
};
export const ownStamp = stamp;
/** What a file tells. */
export const found: c.Found = {
  stamp,
  candidates: stamp.addresses.map((address) => ({
    address,
    known: true,
    dialled: true,
    origins: [{ source: 'stamp_file', from: 'AzureStackStampInformation.json' }],
  })),
  learnt: [
    { fact: 'region', value: 'west' },
    { fact: 'external_domain', value: 'west.contoso.com' },
    { fact: 'netbios_domain', value: 'CONTOSO' },
    { fact: 'cloud_id', value: stamp.cloudId },
    { fact: 'version', value: stamp.version },
  ],
  contradictions: [],
  problems: [],
  relation: { kind: 'new' },
};
const facts = (more: Record<string, string>) => Object.entries(more).map(([fact, value]) => ({ fact, value }));
const candidate = (host: string, known: boolean, source: string, from: string, dialled = true): c.FoundCandidate => ({
  address: { host, port: 5985, label: '' },
  known,
  dialled,
  origins: [{ source, from }],
});
/** What the portal's page told, and that it is not the deployment that was there before. */
export const redeployed: c.Found = {
  ...found,
  candidates: found.candidates.map((one) => ({
    ...one,
    origins: [{ source: 'pasted_text', from: 'privileged endpoint ip addresses' }],
  })),
  relation: { kind: 'redeployed', stampId: 'west', name: 'Contoso-West' },
  contradictions: ['region', 'deployment_id'],
};
/** What follows from the address of a portal. */
export const guesses: c.Found = {
  ...found,
  stamp: { ...stamp, addresses: [], netbiosDomain: '' },
  candidates: [224, 225, 227].map((last) =>
    candidate(`10.14.22.${last}`, false, 'portal', 'adminportal.west.contoso.com'),
  ),
  learnt: facts({
    region: 'west',
    external_domain: 'west.contoso.com',
    admin_portal: 'https://adminportal.west.contoso.com/',
    resource_manager: 'https://adminmanagement.west.contoso.com/',
  }),
};
/** What names gave: one is known, one is not, one is public. */
export const byName: c.Found = {
  ...guesses,
  candidates: [
    candidate('10.14.22.61', false, 'prefix', 'CW1-ERCS01.azurestack.local'),
    candidate('CW1-ERCS02.azurestack.local', false, 'prefix', 'CW1-ERCS02.azurestack.local', false),
  ],
  learnt: [],
  problems: [
    {
      code: 'PEP-2101',
      blame: 'network',
      next: 'fixInput',
      values: { host: 'CW1-ERCS02.azurestack.local' },
      detail: [],
    },
    { code: 'PEP-1104', blame: 'input', next: 'fixInput', values: { address: '203.0.113.9' }, detail: [] },
  ],
};
/** What the Resource Manager told, while an update runs. */
export const told: c.Found = {
  ...found,
  candidates: found.candidates.map((one) => ({
    ...one,
    origins: [{ source: 'resource_manager', from: 'fabricLocations/west' }],
  })),
  learnt: [
    ...found.learnt,
    ...facts({
      time_server: 'ntp.contoso.com',
      dns_server: 'cw1-ns01.west.contoso.com',
      exclusive_operation_running: 'true',
      exclusive_operation: 'Update 1.2311.1.22',
    }),
    { fact: 'dns_server', value: 'cw1-ns02.west.contoso.com' },
  ],
  relation: { kind: 'bound', stampId: '10.14.22.61:5985', name: 'Contoso-West' },
};
export const unsure: c.Found = {
  ...found,
  candidates: [candidate('10.14.22.61', true, 'typed', '')],
  learnt: [],
  relation: { kind: 'unsure', stampId: 'west', name: 'Contoso-West' },
};
export const signIn: c.ArmStep = {
  kind: 'signIn',
  host: 'adminmanagement.west.contoso.com',
  provider: 'login.microsoftonline.com',
  code: null,
  seconds: 300,
  notOpened: null,
};
export const untrusted: c.ArmStep = {
  kind: 'untrusted',
  fault: {
    code: 'PEP-3301',
    blame: 'endpoint',
    next: 'fixInput',
    values: {
      host: 'adminmanagement.west.contoso.com',
      issuer: 'CN=Contoso Issuing CA 2,O=Contoso',
      fingerprint: Array.from({ length: 32 }, (_, at) => (at * 7).toString(16).padStart(2, '0').toUpperCase()).join(
        ':',
      ),
    },
    detail: ['the certificate of adminmanagement.west.contoso.com is not accepted'],
  },
  offer: {
    subject: 'CN=Contoso Root CA,O=Contoso',
    validUntil: '2039-04-01T00:00:00Z',
    sha256: Array.from({ length: 32 }, (_, at) => (at * 7).toString(16).padStart(2, '0').toUpperCase()).join(':'),
    isRoot: true,
  },
  canTrust: true,
};

/** The name of an instance. */
export const named = (one: number) => `cw-ercs0${one}.contoso.local`;
const used: c.StampProfile = { ...stamp, lastUsed: now - 3_600_000 };
const lab: c.StampProfile = { ...stamp, id: 'lab', name: 'Contoso-Lab', region: '', lastUsed: now - 7_000_000 };
export const practiceStamp: c.StampProfile = {
  ...stamp,
  id: 'practice',
  name: 'Practice',
  netbiosDomain: 'PRACTICE',
  dnsDomain: 'practice.internal',
  addresses: [1, 2, 3].map((one) => ({ host: `192.0.2.22${one + 3}`, port: 5985, label: `ERCS0${one}` })),
  source: 'practice',
  practice: true,
};

const parameter = (name: string, more: Partial<c.CatalogueParameter> = {}): c.CatalogueParameter => ({
  name,
  typeName: 'String',
  mandatory: false,
  default: '',
  values: [],
  help: '',
  ...more,
});
const entry = (
  name: string,
  question: string,
  summary: string,
  duration: string,
  more: Partial<c.CatalogueEntry> = {},
): c.CatalogueEntry => ({
  name,
  group: 'Health',
  question,
  summary,
  risk: 'read',
  duration,
  guarded: false,
  everyday: question !== '',
  blockedDuringUpdate: false,
  pitfalls: [],
  parameters: [],
  available: true,
  ...more,
});
const catalogue: c.CatalogueEntry[] = [
  entry('Test-AzureStack', 'healthy', 'Checks the health of the stamp and prints one verdict a check.', 'long', {
    blockedDuringUpdate: true,
    parameters: [
      parameter('Include', {
        typeName: 'String[]',
        values: [
          'AzsControlPlane',
          'AzsDefenderSummary',
          'AzsHostingInfraSummary',
          'AzsInfraCapacity',
          'AzsInfraRoleSummary',
          'AzsStorageSvcsSummary',
        ],
        help: 'Run only these checks.',
      }),
      parameter('Group', {
        values: ['Default', 'UpdateReadiness'],
        default: 'Default',
        help: 'A set of checks for a purpose.',
      }),
      parameter('List', { typeName: 'SwitchParameter', help: 'Only list the checks and their names.' }),
      parameter('ServiceAdminCredentials', { typeName: 'PSCredential', help: 'With it test resources are created.' }),
      parameter('TimeoutSeconds', { typeName: 'Int32', default: '1800', help: 'For each group of checks.' }),
    ],
  }),
  entry('Get-AzureStackLog', 'collectLogs', 'Collects logs and copies them to a share.', 'long', {
    group: 'Logs',
    parameters: [
      parameter('OutputSharePath', { mandatory: true }),
      parameter('OutputShareCredential', {
        typeName: 'PSCredential',
        mandatory: true,
        help: 'May write to the share.',
      }),
      parameter('FromDate', { typeName: 'DateTime', default: 'four hours ago' }),
      parameter('ToDate', { typeName: 'DateTime', default: 'now' }),
      parameter('FilterByRole', {
        typeName: 'String[]',
        values: ['ACS', 'ACSFabric', 'BareMetal', 'Compute', 'ECE', 'NetworkController', 'Storage', 'VirtualMachines'],
        help: 'Only these roles.',
      }),
      parameter('FilterByNode', { typeName: 'String[]', help: 'Only these nodes, one a line.' }),
    ],
  }),
  entry('Get-AzureStackStampInformation', 'whatStamp', 'Tells what this stamp is.', 'Seconds.'),
  entry('Get-ActionStatus', 'actionRunning', 'Tells which actions run.', 'Seconds.'),
  entry('Get-AzureStackUpdateStatus', 'updateRunning', 'Tells how the update goes.', 'Seconds.', { available: false }),
  entry('Get-SupportSessionToken', 'unlock', 'Gets the token that support asks for.', 'Seconds.', {
    group: 'Support session',
    risk: 'session',
  }),
  entry('Get-ClusterLog', '', 'Collects the log of the failover cluster.', 'Minutes.', {
    group: 'Storage and cluster',
  }),
  entry('Start-AzureStack', '', 'Starts the stamp after it was stopped.', 'Hours.', {
    group: 'Power',
    risk: 'change',
    guarded: true,
  }),
  entry('Stop-AzureStack', '', 'Shuts the whole stamp down and powers every physical node off.', 'Up to 40 minutes.', {
    group: 'Power',
    risk: 'destructive',
    guarded: true,
  }),
];

export const session = (practice: boolean, state: c.SessionState = { kind: 'ready' }): c.SessionSnapshot => ({
  id: 's1',
  stampId: practice ? 'practice' : 'west',
  address: practice ? (practiceStamp.addresses[0] ?? address(1)) : address(1),
  computer: practice ? 'PRAC-ERCS01' : 'CW-ERCS01',
  account: practice ? 'PRACTICE\\CloudAdmin' : 'CONTOSO\\CloudAdmin',
  opened: at,
  state,
  commands: catalogue.map((one) => one.name),
  checks: [{ check: 'ownCommands', passed: true, seen: '' }],
  recordPath: '/home/operator/records/2f0c9f5e.jsonl',
  practice,
  way: 'ntlm',
  fellBack: null,
  activeRun: null,
  fewerConnections: null,
  recordFault: null,
  runs: 2,
  keptForS: 28_800,
});

export const question: c.IdentityQuestion = {
  changed: false,
  now: { computer: 'CW-ERCS01', domain: 'CONTOSO', dnsComputer: 'cw-ercs01.contoso.local', since: null },
  before: null,
  expectedDomain: 'CONTOSO',
  domainFits: true,
  certificate: null,
  way: 'ntlm',
  fellBack: null,
};
/** The ways for an address, for a name, and for a name where there are tickets. */
export const ways: c.SignInWays = { usual: 'ntlm', fallBack: 'ask', tickets: null, provedSince: null };
export const waysByName: c.SignInWays = { ...ways, usual: 'byName' };
export const waysProved: c.SignInWays = {
  ...waysByName,
  tickets: 'cloudadmin@CONTOSO.LOCAL',
  provedSince: 1_791_800_000,
};
const fingerprint = (first: string) =>
  [first, ...Array.from({ length: 31 }, (_, at) => ((at * 37 + 11) % 256).toString(16).padStart(2, '0'))]
    .join(':')
    .toUpperCase();
export const keyQuestion: c.IdentityQuestion = {
  ...question,
  certificate: {
    key: fingerprint('3C'),
    keyBefore: null,
    subject: 'CN=cw-ercs01.contoso.local',
    issuer: 'CN=cw-ercs01.contoso.local',
    validUntil: '2027-11-01T08:00:00Z',
    vouched: false,
  },
};
export const changedQuestion: c.IdentityQuestion = {
  changed: true,
  now: { computer: 'SRV-9931', domain: 'WORKGROUP', dnsComputer: '', since: null },
  before: { ...question.now, since: 1_791_800_000 },
  expectedDomain: 'CONTOSO',
  domainFits: false,
  certificate: null,
  way: 'ntlm',
  fellBack: null,
};
/** The same name, proved by another domain. */
export const realmQuestion: c.IdentityQuestion = {
  ...changedQuestion,
  now: { computer: 'CW-ERCS01', domain: 'corp.example', dnsComputer: 'cw-ercs01.contoso.local', since: null },
  before: { ...question.now, domain: 'contoso.local', since: 1_791_800_000 },
  way: 'byName',
};
export const keyChangedQuestion: c.IdentityQuestion = {
  ...keyQuestion,
  changed: true,
  before: { ...question.now, since: 1_791_800_000 },
  domainFits: null,
  certificate: { ...keyQuestion.certificate!, keyBefore: fingerprint('A0') },
};

const ran = (text: string, more: Partial<c.SummaryCommand> = {}): c.SummaryCommand => ({
  text,
  outcome: 'completed',
  seconds: 1040,
  errors: 0,
  warnings: 0,
  checks: 0,
  checksFailed: 0,
  risk: 'read',
  ...more,
});
export const summary = (transcripts: boolean, practice: boolean): c.Summary => ({
  transcripts,
  share: transcripts ? '\\\\10.14.5.9\\pep-transcripts' : '',
  computer: practice ? 'PRAC-ERCS01' : 'CW-ERCS01',
  domain: practice ? 'PRACTICE' : 'CONTOSO',
  account: practice ? 'PRACTICE\\CloudAdmin' : 'CONTOSO\\CloudAdmin',
  opened: at,
  closed: at + 4930,
  commands: [
    ran('Test-AzureStack', { checks: 26, checksFailed: 2, warnings: 1 }),
    ran("Get-AzureStackLog -OutputSharePath '\\\\10.14.5.9\\logs' -OutputShareCredential <asked, not shown>", {
      outcome: 'stopped',
      seconds: 312,
    }),
  ],
  recordId: '2f0c9f5e-8a1b-4a58-9a0c-0c5c7a7d1d21',
  recordPath: '/home/operator/.local/share/pep-assistant/records/2f0c9f5e-8a1b-4a58-9a0c-0c5c7a7d1d21.jsonl',
  headHash: '9c1f4b7760f5a3e1b8d2c4496be07a51d3f8e2c09a4b5d6e7f8091a2b3c4d5e2',
  practice,
});

const fault = (
  code: string,
  blame: c.Blame,
  next: c.Next,
  values: Record<string, string>,
  detail: string[] = [],
): c.Fault => {
  const sentences: Record<string, unknown> = words;
  for (const [, name = ''] of JSON.stringify(sentences[code]).matchAll(/\{(\w+)\}/g))
    if (!(name in values)) throw new Error(`${code} does not tell ${name}`);
  return { code, blame, next, values, detail };
};

export const failures = {
  records: fault('PEP-1001', 'thisComputer', 'fixInput', { folder: '/home/operator/records' }),
  suspended: fault('PEP-1003', 'thisComputer', 'fixInput', { lines: '12' }, ['no space left on device']),
  keyring: fault('PEP-1002', 'thisComputer', 'retry', {}),
  notAStamp: fault('PEP-1101', 'input', 'fixInput', {}, ['No property EmergencyConsoleIPAddresses']),
  publicAddress: fault('PEP-1104', 'input', 'fixInput', { address: '8.8.8.8' }),
  noAnswer: fault('PEP-2104', 'network', 'chooseOther', { host: '10.14.22.63', port: '5985', seconds: '10' }, [
    'connect: timed out after 10 s',
  ]),
  portal: fault('PEP-1105', 'input', 'fixInput', { host: '10.14.22.61', address: '10.14.22.61', port: '5985' }, [
    'the connection was refused',
    'port 443 answers there',
  ]),
  tls: fault('PEP-2107', 'input', 'fixInput', { host: '10.14.22.62', port: '443' }, ['the port expects TLS']),
  proxy: fault('PEP-2110', 'network', 'askSupport', { host: '10.14.22.63', port: '5985', status: '407' }, [
    'a proxy answers instead of the endpoint (HTTP 407, 1.1 gate.contoso.com)',
  ]),
  nameUnknown: fault('PEP-2101', 'network', 'fixInput', { host: 'azs-ERCS01', port: '5985' }),
  notWinRm: fault('PEP-2105', 'network', 'fixInput', { host: '10.14.22.62', port: '5985', status: '404' }),
  noNegotiate: fault('PEP-2106', 'endpoint', 'askSupport', { host: '10.14.22.63', port: '5985', offered: 'Basic' }),
  refused: fault('PEP-4103', 'input', 'fixInput', { account: 'CONTOSO\\CloudAdmin', host: '10.14.22.61' }, [
    'HTTP 401 after the third message',
  ]),
  noKdc: fault('PEP-4105', 'network', 'chooseOther', { host: 'cw-ercs01.contoso.local', reason: 'noKdc' }, [
    'no key distribution centre is reached: Cannot contact any KDC for realm CONTOSO.LOCAL',
  ]),
  fewer: fault('PEP-4113', 'thisComputer', 'reconnect', {}, ['the Kerberos tickets have expired: Ticket expired']),
  tickets: fault('PEP-4109', 'thisComputer', 'reconnect', { account: 'cloudadmin@CONTOSO.LOCAL' }, [
    'the Kerberos tickets have expired: Ticket expired',
  ]),
  needsHttps: fault('PEP-1201', 'policy', 'chooseOther', { host: '10.14.22.61' }),
  notAPep: fault('PEP-5101', 'endpoint', 'chooseOther', { host: '10.14.22.61' }, ['wsman fault 2150858752']),
  lost: fault('PEP-2201', 'network', 'reconnect', { host: '10.14.22.61' }),
  cmdlet: fault('PEP-7199', 'endpoint', 'askSupport', { message: 'The role is not available.' }, [
    'FullyQualifiedErrorId RoleNotAvailable',
  ]),
  share: fault(
    'PEP-8103',
    'input',
    'fixInput',
    {
      account: 'CONTOSO\\logwriter',
      share: '\\\\10.14.5.9\\pep-transcripts',
      message: 'The user name or password is incorrect.',
    },
    ['System error 1326'],
  ),
};

const left: c.UnfinishedSession = {
  recordId: 'r1',
  stampId: 'west',
  endpoint: '10.14.22.62:5985',
  computer: 'CW-ERCS02',
  account: 'CONTOSO\\CloudAdmin',
  opened: now - 9000,
  left: now - 1080,
  practice: false,
  leftRunning: false,
  resumable: true,
  alteredAt: null,
};

/** What the page begins with, by the name of the start. */
export function snapshot(which: string): c.AppSnapshot {
  const base: c.AppSnapshot = {
    version: '0.1.0',
    keyringName: 'the key ring of this desktop',
    keyringProblem: null,
    stamps: [practiceStamp],
    practice: {
      account: 'PRACTICE\\CloudAdmin',
      password: 'Practice-Only-1!',
      scenarios: [],
      scenario: 'healthy',
      speed: 60,
    },
    unfinished: [],
    session: null,
    catalogue,
    fileArguments: 0,
    recordsFault: null,
    policy: {
      storePasswords: true,
      requireHttps: false,
      requireKerberos: false,
      practice: true,
      file: '',
      damaged: null,
    },
  };
  const strict = {
    storePasswords: false,
    requireHttps: true,
    requireKerberos: true,
    practice: false,
    file: '/etc/pep-assistant/policy.json',
  };
  const stamps = [practiceStamp, used, lab];
  switch (which) {
    case 'returning':
      return { ...base, stamps };
    case 'unfinished':
      return {
        ...base,
        stamps,
        unfinished: [
          left,
          { ...left, recordId: 'r2', stampId: 'practice', practice: true, computer: 'PRAC-ERCS01', left: now - 90_000 },
        ],
      };
    case 'records':
      return { ...base, recordsFault: failures.records };
    case 'named':
      return {
        ...base,
        stamps: [
          practiceStamp,
          { ...used, addresses: [1, 2, 3].map((one) => ({ ...address(one), host: named(one) })) },
        ],
      };
    case 'policy':
      return { ...base, stamps: [used, lab], policy: { ...strict, damaged: null } };
    case 'policy-damaged':
      return { ...base, stamps: [], policy: { ...strict, damaged: 'unknown field `requireSmartCard`' } };
    case 'no-keyring':
      return {
        ...base,
        stamps,
        keyringProblem: { kind: 'missing', detail: 'no secret service answers on this session bus' },
      };
    case 'session':
      return { ...base, stamps, session: session(false) };
    case 'running':
      return { ...base, stamps, session: { ...session(false, { kind: 'running' }), activeRun: 'run-1' } };
    default:
      return base;
  }
}
