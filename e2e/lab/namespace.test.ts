import { execa } from 'execa'
import t from 'tap'
import { Namespace } from './namespace.ts'

const name = `tort${process.pid}-left`

t.test('what a killed process of the same id has left behind is no obstacle', async (t) => {
  await execa('ip', ['netns', 'add', name])
  await execa('ip', ['-n', name, 'link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'behind'])
  const namespace = await Namespace.create(name)
  t.teardown(() => namespace.remove())
  t.notMatch(await namespace.ip('link', 'show'), 'left')
})

t.test('a name that this process uses is not given to another namespace', async (t) => {
  const namespace = await Namespace.create(`${name}2`)
  t.teardown(() => namespace.remove())
  await t.rejects(Namespace.create(`${name}2`), { message: `the namespace ${name}2 is made twice` })
})
