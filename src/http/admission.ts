/** Who may ask over TCP; pure. The Unix socket has its mode for that and needs none of this. */
import { type Answer, problem } from './answer.ts'
import { isBearer, type Token } from './token.ts'

/** What of a request decides. @property certified the client has shown a certificate of an authority that we trust */
export type Caller = {
  readonly path: string
  readonly certified: boolean
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly authorization: string | undefined
}

/** @property certificates client certificates are taken, in place of the token if there is one */
export type Rules = { readonly secure: boolean; readonly token?: Token; readonly certificates: boolean }

export type Refusal = { readonly answer: Answer; readonly headers: Readonly<Record<string, string>> }

/**
 * A browser on this machine is the one program that strangers can make ask. It says so: a page of theirs has another Origin than we (then
 * nothing is answered), and a name of theirs that suddenly resolves to our address is not ours (DNS rebinding). With TLS that name would
 * not be in our certificate, so it is looked at without TLS only, where we are on loopback.
 */
export function refusalOf(caller: Caller, rules: Rules): Refusal | undefined {
  const { host, origin } = caller
  if (!rules.secure && host !== undefined && !namesLoopback(host))
    return refuse(421, `"${host}" is no name of this machine's loopback: ask for localhost or 127.0.0.1`)
  if (origin !== undefined && origin !== `${rules.secure ? 'https' : 'http'}://${host ?? ''}`)
    return refuse(403, `a page of ${origin} may not use this API`)
  return caller.path === '/healthz' || isKnown(caller, rules) ? undefined : unknownClient(caller, rules)
}

function isKnown({ certified, authorization }: Caller, { token, certificates }: Rules): boolean {
  if (certificates && certified) return true
  return token === undefined ? !certificates : isBearer(authorization, token)
}

function unknownClient({ authorization }: Caller, { token, certificates }: Rules): Refusal {
  const ways = [...(token ? ['the token ("Authorization: Bearer …")'] : []), ...(certificates ? ['a client certificate'] : [])]
  const wrong = authorization === undefined ? '' : ', error="invalid_token"' // RFC 6750 §3.1
  return refuse(401, `this address needs ${ways.join(' or ')}`, { 'www-authenticate': `Bearer realm="tortie"${wrong}` })
}

function refuse(status: 401 | 403 | 421, detail: string, headers: Refusal['headers'] = {}): Refusal {
  return { answer: problem(status, detail), headers }
}

function namesLoopback(host: string): boolean {
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name)
}
