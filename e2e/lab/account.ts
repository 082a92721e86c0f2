import { styleText } from 'node:util'

/** The readable account of `npm start`: one line per step, its proof below, the tally at the end. */
export class Account {
  #proved = 0
  readonly #failed: string[] = []

  step(title: string): void {
    console.log(`\n${styleText('bold', title)}`)
  }

  /** What a command printed, or another fact, as it stands. */
  show(what: string, text: string): void {
    console.log(`  ${styleText('dim', what)}`)
    for (const line of text.trimEnd().split('\n')) console.log(`    ${line}`)
  }

  /** One claim and whether it held. */
  prove(claim: string, held: boolean): void {
    if (held) this.#proved++
    else this.#failed.push(claim)
    console.log(`  ${held ? styleText('green', '✓') : styleText('red', '✗')} ${claim}`)
  }

  /** @param word what the tally calls a claim that held. @returns whether every claim did */
  close(word: 'proved' | 'passed' = 'proved'): boolean {
    console.log('')
    for (const claim of this.#failed) console.log(`not ${word}: ${claim}`)
    console.log(`${this.#proved} ${word}, ${this.#failed.length} failed`)
    return this.#failed.length === 0
  }
}
