/** Runs in the agent's namespace: announces a table and withdraws it, again and again until it is ended. Argument: COUNT. */
import { BgpClient } from './bgp-client.ts'
import { joined, Random, tablePrefixes, tableUpdates, tableWithdrawals } from './table-shape.ts'

const random = new Random(42)
const prefixes = tablePrefixes(Number(process.argv[2]), random)
const updates = joined(tableUpdates(prefixes, 65002, '10.99.0.2', random))
const withdrawals = joined(tableWithdrawals(prefixes))
const feeder = new BgpClient({ speaker: '10.99.0.1', address: '10.99.0.2', asNumber: 65002, deaf: true })
await feeder.established
console.log('established')
for (;;) {
  await feeder.send(updates)
  await feeder.send(withdrawals)
}
