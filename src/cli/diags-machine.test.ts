import t from 'tap'
import type { Run } from '../os/process.ts'
import { bounded } from './diags-file.ts'
import { machineFiles } from './diags-machine.ts'

t.test('a command that fails or is not installed is said in its file; the others are there', async (t) => {
  const run: Run = async (command, args) => {
    if (command === 'nft')
      return { exitCode: 127, stdout: '', stderr: 'nft is not installed: run "apt-get install nftables"', missingPackage: 'nftables' }
    if (command === 'ipset') return { exitCode: 1, stdout: 'half\n', stderr: 'first\nOperation not permitted\n' }
    return { exitCode: 0, stdout: `${args.join(' ')}\n`, stderr: '' }
  }
  const files = new Map((await machineFiles(run, undefined)).map((file) => [file.name, file]))
  t.strictSame(files.get('kernel/nftables.txt'), {
    name: 'kernel/nftables.txt',
    text: '# nft list ruleset\nnft is not installed: run "apt-get install nftables"',
    problem: 'nft ended with 127: nft is not installed: run "apt-get install nftables"',
  })
  t.strictSame(files.get('kernel/ipsets.txt'), {
    name: 'kernel/ipsets.txt',
    text: '# ipset save\nhalf\nfirst\nOperation not permitted\n',
    problem: 'ipset ended with 1: Operation not permitted',
  })
  t.strictSame(files.get('kernel/rules.txt'), { name: 'kernel/rules.txt', text: '# ip rule\nrule\n' })
  t.equal([...files.keys()].filter((name) => name.includes('-limits')).length, 0)
})

t.test('only reading: no command changes the kernel', async (t) => {
  const asked: string[] = []
  const run: Run = async (command, args) => {
    asked.push([command, ...args].join(' '))
    return { exitCode: 0, stdout: '', stderr: '' }
  }
  await machineFiles(run, undefined)
  for (const line of asked)
    t.match(
      line,
      /^(ip (-\S+ )*(link|address|route show|rule$|neighbour)|ip6?tables-(nft|legacy)-save|nft list|ipset save|ss |sysctl --all)/,
    )
  t.notMatch(asked.join('\n'), /-w\b|--write|\b(add|del|set|flush)\b/)
})

t.test('what is too long is cut off and says so', async (t) => {
  t.strictSame(bounded('x', 'short'), { name: 'x', text: 'short' })
  const { text, problem } = bounded('x', 'y'.repeat(16 * 1024 * 1024 + 1))
  t.strictSame([text.length, problem], [16_777_216, 'cut off after 16777216 of 16777217 characters'])
})
