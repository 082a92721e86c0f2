import os from 'node:os'

/** The host name as Kubernetes writes node names: lower case. */
export function hostName(): string {
  return os.hostname().toLowerCase()
}
