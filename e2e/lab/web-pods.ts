import type { PodOptions } from './single-node.ts'

/** One that policies are about, one that they let in, and one that they do not. */
export const webPods = {
  web: { name: 'web', host: 10, labels: { app: 'web' } },
  client: { name: 'client', host: 11, labels: { role: 'client' } },
  other: { name: 'other', host: 12, labels: { role: 'other' } },
} as const satisfies Record<string, PodOptions>
