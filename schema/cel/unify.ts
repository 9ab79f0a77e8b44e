/** Whether one type may stand for another, and what its parameters then are (cel-go, checker/types). Pure. */
import { dynType, isDyn, isDynOrError, listType, mapType, opaqueType, sameType, typeType } from "./types.ts";
import type { Type } from "./types.ts";

/** What parameters stand for, by name. A test that fails leaves it as it was. */
export class Substitutions {
  #known = new Map<string, Type>();

  assignable(a: Type, b: Type): boolean {
    return this.allAssignable([a], [b]);
  }

  allAssignable(a: readonly Type[], b: readonly Type[]): boolean {
    const before = this.#known;
    this.#known = new Map(before);
    if (this.#all(a, b)) return true;
    this.#known = before;
    return false;
  }

  /** The type with its parameters replaced; unknown ones by dyn if `open` is false. */
  apply(type: Type, open: boolean): Type {
    if (type.kind === "param") {
      const known = this.#known.get(type.name);
      if (known !== undefined) return this.apply(known, open);
      return open ? type : dynType;
    }
    if (type.params.length === 0) return type;
    const params = type.params.map((param) => this.apply(param, open));
    const [first = dynType, second = dynType] = params;
    switch (type.kind) {
      case "list":
        return listType(first);
      case "map":
        return mapType(first, second);
      case "type":
        return typeType(first);
      default:
        return opaqueType(type.name, ...params);
    }
  }

  #all(a: readonly Type[], b: readonly Type[]): boolean {
    return a.length === b.length && a.every((type, index) => this.#one(type, b[index] ?? dynType));
  }

  #one(a: Type, b: Type): boolean {
    if (b.kind === "param") {
      const { valid, known } = this.#substitutes(a, b);
      if (valid) return true;
      if (known) return false;
    }
    if (a.kind === "param") return this.#substitutes(b, a).valid;
    if (isDynOrError(a) || isDynOrError(b)) return true;
    if (a.kind === "null" || b.kind === "null") return isNullable(a) && isNullable(b);
    switch (a.kind) {
      case "type":
        return b.kind === "type";
      case "opaque":
      case "list":
      case "map":
        return a.kind === b.kind && a.name === b.name && this.#all(a.params, b.params);
      default:
        return a.kind === b.kind && a.name === b.name;
    }
  }

  /** Whether the parameter `b` may stand for `a`, and whether it stood for something before. */
  #substitutes(a: Type, b: Type): { valid: boolean; known: boolean } {
    if (sameType(a, b)) return { valid: true, known: true };
    const known = this.#known.get(b.name);
    if (known !== undefined) {
      if (sameType(a, known)) return { valid: true, known: true };
      if (!this.#one(a, known)) return { valid: false, known: true };
      const general = mostGeneral(a, known);
      if (this.#isFree(b, general)) this.#known.set(b.name, general);
      return { valid: true, known: true };
    }
    if (!this.#isFree(b, a)) return { valid: false, known: false };
    this.#known.set(b.name, a);
    return { valid: true, known: false };
  }

  /** Whether a parameter does not occur in what it is to stand for. */
  #isFree(param: Type, within: Type): boolean {
    if (sameType(param, within)) return false;
    if (within.kind === "param") {
      const known = this.#known.get(within.name);
      return known === undefined || this.#isFree(param, known);
    }
    return within.params.every((inner) => this.#isFree(param, inner));
  }
}

function isNullable({ kind }: Type): boolean {
  return kind === "null" || ["opaque", "object", "duration", "timestamp"].includes(kind);
}

/** Of two types of which one may stand for the other. */
export function mostGeneral(a: Type, b: Type): Type {
  return isEqualOrLessSpecific(a, b) ? a : b;
}

function isEqualOrLessSpecific(a: Type, b: Type): boolean {
  if (isDyn(a) || a.kind === "param") return true;
  if (isDyn(b) || b.kind === "param" || a.kind !== b.kind) return false;
  if (a.kind === "type") return true;
  return (
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((param, index) => isEqualOrLessSpecific(param, b.params[index] ?? dynType))
  );
}
