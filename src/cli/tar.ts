/** A tar archive of text files (POSIX.1-2001 ustar), as `tar xf` takes it; pure. */

export type TarFile = { readonly name: string; readonly text: string }

const block = 512
const maxName = 100

/**
 * @param files names of at most 100 octets, with "/" between directories
 * @param mtimeSec of all files, seconds since 1970
 */
export function tar(files: readonly TarFile[], mtimeSec: number): Buffer {
  const parts = files.flatMap(({ name, text }) => {
    const content = Buffer.from(text)
    return [header(name, content.length, mtimeSec), content, Buffer.alloc(-content.length & (block - 1))]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * block)])
}

/** name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | checksum 8 | type 1 | link name 100 | "ustar" NUL "00" | … */
function header(name: string, size: number, mtimeSec: number): Buffer {
  if (Buffer.byteLength(name) > maxName) throw new Error(`"${name}" is too long a name for a tar archive`)
  const bytes = Buffer.alloc(block)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  const fields: [at: number, text: string][] = [
    [0, name],
    [100, octal(0o600, 7)],
    [108, octal(0, 7)],
    [116, octal(0, 7)],
    [124, octal(size, 11)],
    [136, octal(Math.floor(mtimeSec), 11)],
    [148, ' '.repeat(8)], // what the checksum is computed with
    [156, '0'],
    [257, 'ustar\u000000'],
  ]
  for (const [at, text] of fields) bytes.write(text, at)
  const sum = bytes.reduce((total, octet) => total + octet, 0)
  bytes.write(`${octal(sum, 6)}\u0000 `, 148)
  return bytes
}
