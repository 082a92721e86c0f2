import t from 'tap'
import { refusalOf } from './kernel-refusal.ts'

const input = `*filter
:tort-d - -
-A tort-d -m set --match-set absent src -j DROP
COMMIT
`
const help = "Try `iptables-restore -h' or 'iptables-restore --help' for more information."

const table: [title: string, command: string, stderr: string, expected: object][] = [
  [
    'nft and legacy name the line of a missing set',
    'iptables-nft-restore',
    `iptables-nft-restore v1.8.9 (nf_tables): Set absent doesn't exist.\n\nError occurred at line: 3\n${help}\n`,
    {
      reason: `iptables-nft-restore: Set absent doesn't exist in "-A tort-d -m set --match-set absent src -j DROP"`,
      line: '-A tort-d -m set --match-set absent src -j DROP',
    },
  ],
  [
    'the kernel refuses a rule of nft',
    'iptables-nft-restore',
    'iptables-nft-restore v1.8.9 (nf_tables): \nline 3: RULE_APPEND failed (Invalid argument): rule in chain tort-d\n',
    {
      reason:
        'iptables-nft-restore: line 3: RULE_APPEND failed (Invalid argument): rule in chain tort-d in "-A tort-d -m set --match-set absent src -j DROP"',
      line: '-A tort-d -m set --match-set absent src -j DROP',
    },
  ],
  [
    'the kernel refuses a legacy table as a whole: COMMIT says nothing',
    'iptables-legacy-restore',
    'iptables-restore: line 4 failed\n',
    { reason: 'iptables-restore: line 4 failed' },
  ],
  [
    'no permission',
    'iptables-nft-save',
    'iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n',
    {
      reason:
        'iptables-nft-save: Could not fetch rule set generation id: Permission denied (you must be root): run Tortie as root or with CAP_NET_ADMIN and CAP_NET_RAW',
    },
  ],
  [
    'a kernel that takes no nft tables',
    'iptables-nft-restore',
    'iptables-nft-restore v1.8.9 (nf_tables): \nline 2: TABLE_ADD failed (Operation not supported): table filter\nline 2: CHAIN_USER_ADD failed (No such file or directory): chain tort-d\n',
    {
      reason:
        'iptables-nft-restore: line 2: TABLE_ADD failed (Operation not supported): table filter line 2: CHAIN_USER_ADD failed (No such file or directory): chain tort-d in ":tort-d - -": the kernel refuses nft tables: choose felix.iptablesBackend "legacy"',
      line: ':tort-d - -',
    },
  ],
  [
    'a module that neither the kernel nor we load, although modprobe speaks of a permission',
    'iptables-legacy-save',
    "modprobe: ERROR: could not insert 'ip_tables': Operation not permitted\niptables-save v1.8.9 (legacy): Cannot initialize: iptables who? (do you need to insmod?)\n",
    {
      reason:
        'iptables-save: Cannot initialize: iptables who? (do you need to insmod?): the kernel has no ip_tables, and the agent may load no modules: run "modprobe ip_tables", at boot by deploy/systemd/modules-load.conf',
    },
  ],
  [
    'the module of IPv6, without modprobe',
    'ip6tables-legacy-save',
    'ip6tables-save v1.8.9 (legacy): Cannot initialize: iptables who? (do you need to insmod?)\n',
    {
      reason:
        'ip6tables-save: Cannot initialize: iptables who? (do you need to insmod?): the kernel has no ip6_tables, and the agent may load no modules: run "modprobe ip6_tables", at boot by deploy/systemd/modules-load.conf',
    },
  ],
  [
    'a kernel without the table',
    'iptables-legacy-save',
    "iptables-save v1.8.9 (legacy): can't initialize iptables table `raw': Table does not exist (do you need to insmod?)\n",
    {
      reason:
        'iptables-save: can\'t initialize iptables table `raw\': Table does not exist (do you need to insmod?): the kernel lacks this table: load its module or choose felix.iptablesBackend "nft"',
    },
  ],
  [
    'ipset',
    'ipset',
    'ipset v7.17: Kernel error received: Operation not permitted\n',
    {
      reason: 'ipset: Kernel error received: Operation not permitted: run Tortie as root or with CAP_NET_ADMIN and CAP_NET_RAW',
    },
  ],
  ['no word at all', 'ipset', '', { reason: 'ipset failed with exit code 1' }],
]
for (const [title, command, stderr, expected] of table) {
  t.test(title, async (t) => t.strictSame(refusalOf(command, { exitCode: 1, stdout: '', stderr }, input), expected))
}

t.test('a missing program keeps the sentence that names its package', async (t) => {
  const stderr = 'ipset is not installed: run "apt-get install ipset"'
  t.strictSame(refusalOf('ipset', { exitCode: 127, stdout: '', stderr, missingPackage: 'ipset' }), { reason: stderr })
})
