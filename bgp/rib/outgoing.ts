/** What a route's attributes become on the wire. */
export type Outgoing = { readonly bytes: Uint8Array; readonly nextHop: Uint8Array }
