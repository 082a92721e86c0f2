import http from 'node:http'
import type { Figures } from './figures.ts'

/**
 * How late the agent's event loop was since this was asked last, in milliseconds.
 * @param socketPath '-': not an agent of ours, nothing is known of it
 */
export async function loopLag(socketPath: string): Promise<Figures> {
  if (socketPath === '-') return {}
  const text = await scrape(socketPath)
  const quantile = (name: string) =>
    Math.round(Number(new RegExp(`^tortie_event_loop_lag_seconds\\{quantile="${name}"\\} (.*)$`, 'm').exec(text)?.[1]) * 10_000) / 10
  return { loopLagP99Ms: quantile('0.99'), loopLagMaxMs: quantile('1') }
}

function scrape(socketPath: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  http
    .get({ socketPath, path: '/metrics' }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve(text))
    })
    .on('error', reject)
  return promise
}
