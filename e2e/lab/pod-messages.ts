/** What a pod's process is asked, and answers. */

export type Probe =
  | { readonly protocol: 'tcp' | 'udp'; readonly to: string; readonly port: number }
  | { readonly protocol: 'icmp'; readonly to: string }

/** What one end of a UDP stream counted: sequence numbers sent by the other side that never came, came twice or came late. */
export type StreamCount = { readonly received: number; readonly lost: number; readonly duplicated: number; readonly reordered: number }

export type Request =
  | { readonly type: 'ready' }
  | { readonly type: 'probe'; readonly probe: Probe; readonly withinMs: number }
  | { readonly type: 'listen'; readonly protocol: 'tcp' | 'udp'; readonly port: number }
  | { readonly type: 'connect'; readonly to: string; readonly port: number }
  | { readonly type: 'say'; readonly conversation: number }
  | { readonly type: 'start-stream'; readonly to: string; readonly perSecond: number }
  | { readonly type: 'stop-sending' }
  | { readonly type: 'stream-count'; readonly sent: number }

export type Answer = {
  readonly id: number
  readonly ok?: boolean
  readonly conversation?: number
  readonly sent?: number
  readonly count?: StreamCount
}
