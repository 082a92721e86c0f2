/** Run in the second kernel by ipip.test.ts. */
import t from 'tap'
import { Namespace } from './lab/namespace.ts'

await t.test('the kernel has IP-in-IP: two namespaces reach each other through tunl0', async (t) => {
  const [left, right] = await Promise.all([Namespace.create('left'), Namespace.create('right')])
  await left.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'right')
  for (const [namespace, own, other] of [
    [left, 1, 2],
    [right, 2, 1],
  ] as const) {
    await namespace.ip('addr', 'add', `10.98.1.${own}/24`, 'dev', 'eth0')
    await namespace.ip('addr', 'add', `10.244.${own}.1/32`, 'dev', 'tunl0')
    for (const link of ['eth0', 'tunl0']) await namespace.ip('link', 'set', link, 'up')
    await namespace.ip('route', 'add', `10.244.${other}.0/24`, 'via', `10.98.1.${other}`, 'dev', 'tunl0', 'onlink')
  }
  t.match(await left.run('ping', ['-n', '-c', '1', '-W', '2', '10.244.2.1']), '1 received')
  t.match(await right.ip('-s', 'link', 'show', 'dev', 'tunl0'), /RX:.*\n\s+84\s+1 /)
})
