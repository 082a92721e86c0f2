import type { Batch } from './batch.ts'
import { addRules, hashesOf, type NftChain } from './nft-chain.ts'

/** A chain as it is to be written: closed, where the kernel refused its rules for the reason `refused`. */
export class WantedChain {
  readonly chain: NftChain
  readonly refused: string | undefined
  #hashes: readonly string[] | undefined

  constructor(chain: NftChain, refused?: string) {
    this.chain = chain
    this.refused = refused
  }

  get name(): string {
    return this.chain.name
  }

  /** Of its rules, which are encoded for them once: when they are written, or before that where they have to be compared. */
  get hashes(): readonly string[] {
    this.#hashes ??= hashesOf(this.chain)
    return this.#hashes
  }

  /** Puts all its rules into a transaction in which it has none. */
  addRules(batch: Batch): void {
    this.#hashes = addRules(batch, this.chain)
  }
}
