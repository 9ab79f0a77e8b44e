/** A text that is no JSON, or JSON that cannot be kept as it is. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
  /** Index of the first character that is wrong; the length of the text when it ends too early. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
