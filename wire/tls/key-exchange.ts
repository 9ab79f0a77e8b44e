/** Ephemeral Diffie-Hellman (RFC 8446, section 4.2.8). */
import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { TlsError } from "./alerts.ts";

export interface Group {
  readonly id: number;
  readonly name: "X25519" | "P-256" | "P-384" | "P-521";
  /** Of a public key on the wire. */
  readonly length: number;
}

/** In the order of our preference; a key share is sent for the first. */
export const groups: readonly Group[] = [
  { id: 0x001d, name: "X25519", length: 32 },
  { id: 0x0017, name: "P-256", length: 65 },
  { id: 0x0018, name: "P-384", length: 97 },
  // In TLS 1.2 this list says as well on which curves a server's certificate may have its key.
  { id: 0x0019, name: "P-521", length: 133 },
];

export interface KeyExchange {
  readonly group: Group;
  readonly publicKey: Uint8Array;
  /** The shared secret. Throws TlsError for a public key that is no point of the group, or gives nothing secret. */
  readonly derive: (peer: Uint8Array) => Uint8Array;
}

export function createKeyExchange(group: Group): KeyExchange {
  const { publicKey, derive } = group.name === "X25519" ? x25519() : nist(group.name);
  return {
    group,
    publicKey,
    derive: (peer) => {
      try {
        if (peer.length !== group.length) throw new RangeError("length of a public key");
        const secret = derive(peer);
        // Points of small order: the secret would be known to everybody.
        if (secret.every((byte) => byte === 0)) throw new RangeError("public key of small order");
        return secret;
      } catch (error) {
        throw new TlsError("illegal_parameter", "the server's key share is invalid", { cause: error });
      }
    },
  };
}

type Half = Pick<KeyExchange, "publicKey" | "derive">;

function x25519(): Half {
  const pair = generateKeyPairSync("x25519");
  return {
    publicKey: Buffer.from(pair.publicKey.export({ format: "jwk" }).x ?? "", "base64url"),
    derive: (peer) =>
      diffieHellman({
        privateKey: pair.privateKey,
        publicKey: createPublicKey({
          key: { kty: "OKP", crv: "X25519", x: Buffer.from(peer).toString("base64url") },
          format: "jwk",
        }),
      }),
  };
}

const curveNames = { "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" } as const;

function nist(name: keyof typeof curveNames): Half {
  const ecdh = createECDH(curveNames[name]);
  return {
    publicKey: ecdh.generateKeys(),
    derive: (peer) => {
      // Uncompressed: no other form was offered.
      if (peer[0] !== 4) throw new RangeError("form of a public key");
      return ecdh.computeSecret(peer);
    },
  };
}
