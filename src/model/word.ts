import { text } from './schema-check.ts'

/** One of these words in any case (resource reference §6.13); stored as it is spelled here. */
export function word<const Words extends readonly string[]>(...words: Words) {
  const bySpelling = new Map(words.map((known): [string, Words[number]] => [known.toLowerCase(), known]))
  return text((value) => bySpelling.get(value.toLowerCase()), words.join(' or '))
}

/** How much is logged; the words of both configurations. */
export const logSeverity = word('Trace', 'Debug', 'Info', 'Warning', 'Error', 'Fatal')
