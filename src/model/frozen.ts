/** A type that is readonly all the way down: what is stored is never changed in place. Branded strings and numbers stay what they are. */
export type Frozen<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Frozen<T[Key]> }
      : T
