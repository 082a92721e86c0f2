/** The arm of an exhaustive switch: a new variant does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new Error(`unhandled variant ${JSON.stringify(value)}`)
}
