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
