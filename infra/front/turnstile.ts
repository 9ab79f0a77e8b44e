/**
 * Lets so many in at a time. Of those who wait, the last comes first: when more come than can be served, who has waited long is
 * about to give up (Rancher's agent after 10 s), and serving him would be for nothing.
 */
export class Turnstile {
  #free: number;
  readonly #waiting: { readonly isGone: () => boolean; readonly enter: (leave: () => void) => void }[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Calls `enter`, at once if there is a place, with what gives the place back; never if `isGone` by then. */
  wait(isGone: () => boolean, enter: (leave: () => void) => void): void {
    this.#waiting.push({ isGone, enter });
    this.#admit();
  }

  #admit(): void {
    while (this.#free > 0) {
      const next = this.#waiting.pop();
      if (next === undefined) return;
      if (next.isGone()) continue;
      this.#free--;
      let left = false;
      next.enter(() => {
        if (left) return;
        left = true;
        this.#free++;
        this.#admit();
      });
    }
  }
}
