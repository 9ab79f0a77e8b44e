/** Alerts of TLS (RFC 8446, section 6), and the one error type of this folder. Pure. */

export const alertCodes = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  certificate_required: 116,
  no_application_protocol: 120,
} as const;

export type AlertName = keyof typeof alertCodes;

/** For people: `certificate_expired`, or `alert 46` for a code we do not know. */
export function alertName(code: number): string {
  const found = Object.entries(alertCodes).find(([, value]) => value === code);
  return found?.[0] ?? `alert ${code}`;
}

/** A connection that must end. The message holds no secrets and may be shown to users. */
export class TlsError extends Error {
  /** What the peer is told; `undefined` when it has spoken last: an alert of its own, or silence. */
  readonly alert: AlertName | undefined;

  constructor(alert: AlertName | undefined, message: string, options?: ErrorOptions) {
    super(message, options);
    this.alert = alert;
  }
}
