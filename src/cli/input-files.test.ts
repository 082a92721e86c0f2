import t from 'tap'
import { placeOf, readInput } from './input-files.ts'

async function* nothing() {}
async function* piped(text: string) {
  yield text
}

t.test('several sources are one text of several documents; each line is found again in its file', async (t) => {
  const directory = t.testdir({
    'a.yaml': 'a: 1\nb: 2',
    'b.yaml': '---\nc: 3\n',
    sub: { 'z.yml': 'z: 1\n', 'y.json': '{}\n', 'x.txt': '' },
  })
  const places = [`${directory}/a.yaml`, `${directory}/b.yaml`, `${directory}/sub`, '-']
  const input = await readInput(places, piped('s: 1\n'))
  t.equal(input.text, 'a: 1\nb: 2\n---\nc: 3\n---\n{}\n---\nz: 1\n---\ns: 1\n')
  const found = input.text
    .split('\n')
    .flatMap((text, index) => (/^\w: \d$|{}/.test(text) ? [`${text} ${placeOf(input, index + 1).replace(directory, '')}`] : []))
  t.strictSame(found, ['a: 1 /a.yaml:1', 'b: 2 /a.yaml:2', 'c: 3 /b.yaml:2', '{} /sub/y.json:1', 'z: 1 /sub/z.yml:1', 's: 1 stdin:1'])
})

t.test('an empty file is no document and moves no line', async (t) => {
  const directory = t.testdir({ 'a.yaml': '', 'b.yaml': 'b: 1\n' })
  const input = await readInput([`${directory}/a.yaml`, `${directory}/b.yaml`], nothing())
  const line = input.text.split('\n').indexOf('b: 1') + 1
  t.equal(placeOf(input, line), `${directory}/b.yaml:1`)
})

t.test('what cannot be read names the file', async (t) => {
  const directory = t.testdir({ empty: {} })
  await t.rejects(readInput([`${directory}/none`], nothing()), { exitCode: 1, message: /^cannot read .*\/none: ENOENT/ })
  await t.rejects(readInput([`${directory}/empty`], nothing()), {
    exitCode: 2,
    message: `there is no *.yaml, *.yml or *.json in ${directory}/empty`,
  })
})
