/** A value built when it is first asked for and then kept: schemas are not built at module scope (design 3). */
export function once<T>(build: () => T): () => T {
  let built: { readonly value: T } | undefined;
  return () => (built ??= { value: build() }).value;
}
