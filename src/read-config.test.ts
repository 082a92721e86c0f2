import { chmod, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { readConfig } from './read-config.ts'

t.test('a file that is not there is one clear line', async (t) => {
  t.strictSame(await readConfig('/nowhere/tortie.yaml', {}), {
    mistakes: ['/nowhere/tortie.yaml: there is no such file: name one that exists'],
  })
})

t.test('every mistake is listed with its line', async (t) => {
  const file = await configFile(t, 'bgp:\n  listenPort: 70000\n  asNumbr: 1\nnode:\n  podCidrs: [10.0.0.1/8]\n')
  const { mistakes = [] } = await readConfig(file, {})
  t.strictSame(
    mistakes.map((line) => line.replace(file, 'F').split(':').slice(0, 3).join(':')),
    ['F:2: bgp.listenPort', 'F:3: bgp.asNumbr', 'F:5: node.podCidrs[0]'],
  )
})

t.test('passwords come from their files, without the line end', async (t) => {
  const file = await configFile(t, 'bgp: {peers: [{name: tor1, address: 10.99.0.2, asNumber: 65002, passwordFile: KEY}]}')
  const key = path.join(path.dirname(file), 'key')
  await writeFile(key, 'secret\n')
  await writeFile(file, `bgp: {peers: [{name: tor1, address: 10.99.0.2, asNumber: 65002, passwordFile: ${key}}]}`)
  const { passwords } = (await readConfig(file, {})) as { passwords: ReadonlyMap<string, string> }
  t.strictSame([...passwords], [['tor1', 'secret']])
})

t.test('a password file that is not there is a mistake that names the peer', async (t) => {
  const file = await configFile(t, 'bgp: {peers: [{name: tor1, address: 10.99.0.2, asNumber: 65002, passwordFile: /nowhere/key}]}')
  t.strictSame(await readConfig(file, {}), {
    mistakes: [`${file}: bgp.peers: passwordFile of tor1: /nowhere/key: there is no such file: name one that exists`],
  })
})

t.test('the files that guard the API are read too; every mistake in them is listed', async (t) => {
  const token = path.join(tmpdir(), `tortie-token-${process.pid}`)
  t.teardown(() => rm(token))
  await writeFile(token, 't0ken')
  await chmod(token, 0o644)
  const taken = await readConfig(await configFile(t, `api: {tokenFile: ${token}}`), {})
  t.strictSame(taken.mistakes === undefined && [Object.keys(taken.access), taken.warnings], [
    ['token'],
    [`api.tokenFile: ${token}: every user of this machine can read it: run "chmod o= ${token}"`],
  ])
  const file = await configFile(t, 'api: {tokenFile: /nowhere/token, tls: {certFile: /nowhere/cert, keyFile: /nowhere/key}}')
  const missing = 'there is no such file: name one that exists'
  t.strictSame(await readConfig(file, {}), {
    mistakes: [
      `${file}: api.tls.certFile: /nowhere/cert: ${missing}`,
      `${file}: api.tls.keyFile: /nowhere/key: ${missing}`,
      `${file}: api.tokenFile: /nowhere/token: ${missing}`,
    ],
  })
})

async function configFile(t: { testdir(files: Record<string, string>): string }, text: string): Promise<string> {
  return path.join(t.testdir({ 'tortie.yaml': text }), 'tortie.yaml')
}
