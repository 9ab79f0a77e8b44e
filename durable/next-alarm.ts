/** The one alarm of an object, moved only to an earlier time: `setAlarm` is a billed row (design 4). */
export class NextAlarm {
  readonly #storage: DurableObjectStorage;
  readonly #onWrite: () => void;
  /** `undefined`: not known since the object woke. */
  #at: number | null | undefined;

  /** `onWrite`: a row is written. */
  constructor(storage: DurableObjectStorage, onWrite: () => void = () => undefined) {
    this.#storage = storage;
    this.#onWrite = onWrite;
  }

  /** Moves it only if it is later than that, or not set. */
  async within(ms: number): Promise<void> {
    this.#at ??= await this.#storage.getAlarm();
    const at = Date.now() + ms;
    if (this.#at !== null && this.#at <= at) return;
    this.#at = at;
    this.#onWrite();
    await this.#storage.setAlarm(at);
  }

  /** It has gone off: there is none now. */
  fired(): void {
    this.#at = null;
  }

  async cancel(): Promise<void> {
    await this.#storage.deleteAlarm();
    this.#at = null;
  }
}
