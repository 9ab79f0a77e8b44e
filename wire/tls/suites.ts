/** Cipher suites: forward secrecy and authenticated encryption only (RFC 8446, B.4; RFC 5289, 7905). Pure. */

export type Version = "TLS 1.2" | "TLS 1.3";
export type Cipher = "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";

export interface Suite {
  readonly id: number;
  readonly name: string;
  readonly version: Version;
  readonly cipher: Cipher;
  readonly keyLength: 16 | 32;
  /** Of transcripts and key derivation. */
  readonly hash: "sha256" | "sha384";
  /** TLS 1.2 only: the kind of key that the server's certificate must have. */
  readonly auth?: "ecdsa" | "rsa";
}

const aes128 = { cipher: "aes-128-gcm", keyLength: 16, hash: "sha256" } as const;
const aes256 = { cipher: "aes-256-gcm", keyLength: 32, hash: "sha384" } as const;
const chacha = { cipher: "chacha20-poly1305", keyLength: 32, hash: "sha256" } as const;

/** In the order of our preference: AES is the cheaper one where this runs. */
export const suites: readonly Suite[] = [
  { id: 0x1301, name: "TLS_AES_128_GCM_SHA256", version: "TLS 1.3", ...aes128 },
  { id: 0x1302, name: "TLS_AES_256_GCM_SHA384", version: "TLS 1.3", ...aes256 },
  { id: 0x1303, name: "TLS_CHACHA20_POLY1305_SHA256", version: "TLS 1.3", ...chacha },
  { id: 0xc02b, name: "ECDHE-ECDSA-AES128-GCM-SHA256", version: "TLS 1.2", auth: "ecdsa", ...aes128 },
  { id: 0xc02f, name: "ECDHE-RSA-AES128-GCM-SHA256", version: "TLS 1.2", auth: "rsa", ...aes128 },
  { id: 0xc02c, name: "ECDHE-ECDSA-AES256-GCM-SHA384", version: "TLS 1.2", auth: "ecdsa", ...aes256 },
  { id: 0xc030, name: "ECDHE-RSA-AES256-GCM-SHA384", version: "TLS 1.2", auth: "rsa", ...aes256 },
  { id: 0xcca9, name: "ECDHE-ECDSA-CHACHA20-POLY1305", version: "TLS 1.2", auth: "ecdsa", ...chacha },
  { id: 0xcca8, name: "ECDHE-RSA-CHACHA20-POLY1305", version: "TLS 1.2", auth: "rsa", ...chacha },
];
