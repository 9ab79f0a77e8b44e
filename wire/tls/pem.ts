/** Certificates of a PEM bundle, as DER. Pure. */

const block = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;

/** In their order. What is between the blocks, and blocks of other kinds, do not count. Throws SyntaxError on bad base64. */
export function certificatesOfPem(pem: string): Uint8Array[] {
  return Array.from(pem.matchAll(block)).flatMap(([, label, body = ""]) => {
    if (label !== "CERTIFICATE") return [];
    const base64 = body.replace(/\s+/g, "");
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new SyntaxError("a certificate is not base64");
    return [Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))];
  });
}
