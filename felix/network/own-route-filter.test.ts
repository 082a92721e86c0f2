import t from 'tap'
import { putHeader, putU32, u16, u32 } from '../netlink/netlink-message.ts'
import { ownRouteFilter } from './own-route-filter.ts'

/** What the kernel does with classic BPF, for the four instructions used: whether the message passes. */
function passes(program: Uint8Array, message: Uint8Array): boolean {
  const view = new DataView(message.buffer)
  let accumulator = 0
  for (let at = 0; at < program.length; at += 8) {
    const [code, operand] = [u16(program, at), u32(program, at + 4)]
    if (code === 0x20) accumulator = view.getUint32(operand)
    else if (code === 0x28) accumulator = view.getUint16(operand)
    else if (code === 0x15) at += 8 * ((accumulator === operand ? program[at + 2] : program[at + 3]) ?? 0)
    else return operand !== 0
  }
  throw new Error('the program runs off its end')
}

function message(type: number, port: number): Uint8Array {
  const bytes = new Uint8Array(28)
  putHeader(bytes, 0, bytes.length, type, 0, 1)
  putU32(bytes, 12, port)
  return bytes
}

const PORT = 0xfedc_1234
const table: [title: string, type: number, port: number, expected: boolean][] = [
  ['RTM_NEWROUTE by us is dropped', 24, PORT, false],
  ['RTM_DELROUTE by us is dropped', 25, PORT, false],
  ['RTM_NEWROUTE by somebody else passes', 24, 4711, true],
  ['RTM_DELROUTE by the kernel itself passes', 25, 0, true],
  ['RTM_NEWLINK passes, also by us: other parts of us wait for it', 16, PORT, true],
  ['RTM_NEWADDR passes', 20, 0, true],
]
for (const [title, type, port, expected] of table) {
  t.test(title, async (t) => t.equal(passes(ownRouteFilter(PORT), message(type, port)), expected))
}
