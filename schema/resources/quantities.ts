/** Resource quantities (k8s.io/apimachinery, api/resource): `500m`, `1Gi`, `1e3`. Pure. */

const form = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,2})?$/;
const decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** Billionths, rounded up as Kubernetes does; `undefined` for what is no quantity. */
export function parseQuantity(text: string): bigint | undefined {
  const [, sign = "", number = "", suffix = ""] = form.exec(text) ?? [];
  if (number === "") return undefined;
  const [whole = "", fraction = ""] = number.split(".");
  const digits = BigInt(`${whole}${fraction}`);
  const power = binary.indexOf(suffix) + 1;
  const exponent = /^[eE][+-]?\d/.test(suffix)
    ? Number(suffix.slice(1))
    : power > 0
      ? 0
      : (decimal.indexOf(suffix) - 3) * 3;
  const tens = exponent + 9 - fraction.length;
  const scaled = digits * 1024n ** BigInt(power) * 10n ** BigInt(Math.max(tens, 0));
  const divisor = 10n ** BigInt(Math.max(-tens, 0));
  const value = (scaled + divisor - 1n) / divisor;
  return sign === "-" ? -value : value;
}
