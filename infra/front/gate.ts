/** Holds requests while workerd is not there: before it is ready, and while it restarts. */
export class Gate {
  #open = false;
  readonly #waiting = new Set<() => void>();

  get isOpen(): boolean {
    return this.#open;
  }

  open(): void {
    this.#open = true;
    for (const proceed of this.#waiting) proceed();
  }

  close(): void {
    this.#open = false;
  }

  /** Resolves to `true` when the gate is open, to `false` when it was not within so many milliseconds. */
  async passed(withinMs: number): Promise<boolean> {
    if (this.#open) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
    return this.#open;
  }
}
