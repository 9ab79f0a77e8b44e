/** The client side of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding. Pure but for the nonce. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

const hmac = (key: Uint8Array, data: string): Buffer => createHmac("sha256", key).update(data).digest();

export class ScramClient {
  readonly #password: string;
  readonly #nonce: string;
  #serverSignature: Buffer | undefined;

  constructor(password: string, nonce = randomBytes(18).toString("base64")) {
    // RFC 4013 (SASLprep) changes only non-ASCII passwords; NFKC is the part of it that matters in practice.
    this.#password = password.normalize("NFKC");
    this.#nonce = nonce;
  }

  /** client-first-message. PostgreSQL takes the user from the start-up packet and ignores the one here. */
  first(): string {
    return `n,,n=,r=${this.#nonce}`;
  }

  /** client-final-message, answering server-first-message. Throws when the server does not play by the rules. */
  final(serverFirst: string): string {
    const fields = parse(serverFirst);
    const nonce = fields.get("r") ?? "";
    const iterations = Number(fields.get("i"));
    if (
      !nonce.startsWith(this.#nonce) ||
      nonce === this.#nonce ||
      !(iterations >= 1 && iterations <= 10_000_000)
    ) {
      throw new Error("SCRAM: bad server-first-message");
    }
    const salt = Buffer.from(fields.get("s") ?? "", "base64");
    const salted = pbkdf2Sync(this.#password, salt, iterations, 32, "sha256");
    const clientKey = hmac(salted, "Client Key");
    const storedKey = createHash("sha256").update(clientKey).digest();
    // `c=biws` is the base64 form of the header `n,,`.
    const withoutProof = `c=biws,r=${nonce}`;
    const authMessage = `n=,r=${this.#nonce},${serverFirst},${withoutProof}`;
    const signature = hmac(storedKey, authMessage);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    this.#serverSignature = hmac(hmac(salted, "Server Key"), authMessage);
    return `${withoutProof},p=${proof.toString("base64")}`;
  }

  /** Checks server-final-message: the server, too, knows the password. */
  verify(serverFinal: string): void {
    const given = Buffer.from(parse(serverFinal).get("v") ?? "", "base64");
    const expected = this.#serverSignature;
    if (expected === undefined || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new Error("SCRAM: the server's signature is wrong");
    }
  }
}

function parse(message: string): Map<string, string> {
  return new Map(message.split(",").map((field) => [field.slice(0, 1), field.slice(2)]));
}
