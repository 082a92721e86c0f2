/** What the running agent says of itself. */
import { asWritten, readAllResources } from './all-resources.ts'
import { open, type Server } from './client.ts'
import { bounded, type DiagsFile } from './diags-file.ts'

const paths: readonly [name: string, path: string][] = [
  ['status.json', '/v1/status'],
  ['config.json', '/v1/config'],
  ['events.json', '/v1/events'],
  ['metrics.txt', '/metrics'],
  ['bgp-peers.json', '/v1/bgp/peers'],
  ['bgp-routes.json', '/v1/bgp/routes?limit=10000'],
  ['felix-routes.json', '/v1/felix/routes?limit=10000'],
  ['felix-chains.json', '/v1/felix/chains?limit=10000'],
  ['felix-ipsets.json', '/v1/felix/ipsets?limit=10000'],
  ['felix-tunnels.json', '/v1/felix/tunnels'],
]

/** Never rejects: an agent that does not answer is the problem of each file. */
export async function agentFiles(server: Server): Promise<readonly DiagsFile[]> {
  const answers = paths.map(([name, path]) => guarded(`agent/${name}`, () => textOf(server, path, name.endsWith('.json'))))
  return await Promise.all([...answers, guarded('agent/resources.yaml', () => resourcesOf(server))])
}

async function guarded(name: string, read: () => Promise<string>): Promise<DiagsFile> {
  try {
    return bounded(name, await read())
  } catch (error) {
    return { name, text: '', problem: error instanceof Error ? error.message : String(error) }
  }
}

async function textOf(server: Server, path: string, isJson: boolean): Promise<string> {
  const response = await open(server, { method: 'GET', path })
  const text = (await response.setEncoding('utf8').toArray()).join('')
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${text.slice(0, 200)}`)
  return isJson ? `${JSON.stringify(JSON.parse(text), undefined, 2)}\n` : text
}

async function resourcesOf(server: Server): Promise<string> {
  const { resources } = await readAllResources(server)
  const { stringify } = await import('yaml')
  return resources.map((resource) => `---\n${stringify(asWritten(resource))}`).join('')
}
