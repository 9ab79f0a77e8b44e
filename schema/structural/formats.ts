/** The `format`s that are checked; like Kubernetes, unknown ones are not. Pure. */

const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Why a value is not of the format, in Kubernetes' words, or `undefined`. */
export function formatProblem(format: string | undefined, value: string | number): string | undefined {
  if (format === undefined || isOfFormat(format, value)) return undefined;
  return typeof value === "number"
    ? `must be of type ${format}: ${value}`
    : `must be of type ${format}: ${JSON.stringify(value)}`;
}

function isOfFormat(format: string, value: string | number): boolean {
  switch (format) {
    case "int32":
      return typeof value !== "number" || (value >= -(2 ** 31) && value < 2 ** 31);
    case "date-time":
      return typeof value !== "string" || (dateTime.test(value) && !Number.isNaN(Date.parse(value)));
    case "date":
      return (
        typeof value !== "string" || (/^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)))
      );
    case "byte":
      return typeof value !== "string" || (value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value));
    case "uuid":
      return typeof value !== "string" || uuid.test(value);
    default:
      return true;
  }
}
