/** Resource quantities, exactly (apimachinery, api/resource): `500m`, `1Gi`, `1e3`. Pure. */

/** `units` times ten to the power of minus `scale`. */
export interface Quantity {
  readonly units: bigint;
  readonly scale: number;
}

const binary: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimal: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
/** Finer than a nano is rounded up. */
const maxScale = 9;
const maxUnits = 2n ** 63n - 1n;

/** `undefined` when it is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, number = "", suffix = ""] = match;
  const [whole = "", fraction = ""] = number.split(".");
  let units = BigInt(whole + fraction);
  let scale = fraction.length;
  const power = Object.hasOwn(binary, suffix) ? binary[suffix] : undefined;
  const exponent = Object.hasOwn(decimal, suffix) ? decimal[suffix] : undefined;
  if (power !== undefined) units *= 2n ** BigInt(power);
  else if (exponent !== undefined) scale -= exponent;
  else {
    const given = Number(suffix.slice(1));
    if (Math.abs(given) > 1000) return undefined;
    scale -= given;
  }
  const rounded = roundedUp(units, scale);
  // Larger ones are capped, as Kubernetes does.
  const capped =
    compareQuantities(rounded, { units: maxUnits, scale: 0 }) > 0 ? { units: maxUnits, scale: 0 } : rounded;
  return sign === "-" ? { ...capped, units: -capped.units } : capped;
}

function roundedUp(units: bigint, scale: number): Quantity {
  if (scale <= maxScale) return { units, scale };
  const step = 10n ** BigInt(scale - maxScale);
  return { units: (units + step - 1n) / step, scale: maxScale };
}

function aligned(a: Quantity, b: Quantity): readonly [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  const up = ({ units, scale: own }: Quantity): bigint => units * 10n ** BigInt(scale - own);
  return [up(a), up(b), scale];
}

export function compareQuantities(a: Quantity, b: Quantity): number {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const [x, y, scale] = aligned(a, b);
  return { units: x + y, scale };
}

export function negateQuantity({ units, scale }: Quantity): Quantity {
  return { units: -units, scale };
}

/** The value when it is a whole number that fits an int64. */
export function wholeQuantity({ units, scale }: Quantity): bigint | undefined {
  const step = 10n ** BigInt(Math.abs(scale));
  if (scale > 0 && units % step !== 0n) return undefined;
  const value = scale > 0 ? units / step : units * step;
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : undefined;
}

export function floatOfQuantity({ units, scale }: Quantity): number {
  return Number(`${units}e${-scale}`);
}
