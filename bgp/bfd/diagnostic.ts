/** The diagnostic codes of RFC 5880 §4.1 that a session of ours can give. */
export const diagnostic = { none: 0, detectionTimeExpired: 1, neighborSignaledDown: 3, administrativelyDown: 7 } as const

const names = [
  'No Diagnostic',
  'Control Detection Time Expired',
  'Echo Function Failed',
  'Neighbor Signaled Session Down',
  'Forwarding Plane Reset',
  'Path Down',
  'Concatenated Path Down',
  'Administratively Down',
  'Reverse Concatenated Path Down',
]

/** @param code 0..31; "Diagnostic 9" for one without a name */
export function diagnosticName(code: number): string {
  return names[code] ?? `Diagnostic ${code}`
}
