/** The first password of `admin`, as secrets of the API Worker. Pure. */

export interface BootstrapSecrets {
  readonly DROVER_BOOTSTRAP_PASSWORD: string;
  /** Always written, so that it belongs to the password beside it, also after a deployment that broke off. */
  readonly DROVER_BOOTSTRAP_MUST_CHANGE: "0" | "1";
}

/** `given`: chosen by the operator, and kept. Else `generate` makes one, which was printed and must be changed. */
export function bootstrapSecrets(given: string | undefined, generate: () => string): BootstrapSecrets {
  return given === undefined || given === ""
    ? { DROVER_BOOTSTRAP_PASSWORD: generate(), DROVER_BOOTSTRAP_MUST_CHANGE: "1" }
    : { DROVER_BOOTSTRAP_PASSWORD: given, DROVER_BOOTSTRAP_MUST_CHANGE: "0" };
}
