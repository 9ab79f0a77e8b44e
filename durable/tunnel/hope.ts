/** Of whoever waits for an answer, while somebody else might give one. An AbortController costs each request more. */
export class Hope {
  lost = false;
  onLost: () => void = () => undefined;

  lose(): void {
    this.lost = true;
    this.onLost();
  }
}
