import { existsSync } from 'node:fs'
import path from 'node:path'

/** How labs start the built agent: this Node.js and dist/src/main.js. @throws when it was not built */
export function agentCommand(): readonly string[] {
  const main = path.join(import.meta.dirname, '../../dist/src/main.js')
  if (!existsSync(main)) throw new Error('dist/src/main.js is missing: run "npm run build" first')
  return [process.execPath, main]
}
