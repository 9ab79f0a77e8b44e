/**
 * THE structural-schema engine (design 3): defaults, prunes and validates built-in and user-defined types alike. Pure; no
 * `eval`. Objects come from JSON.parse, so members called `__proto__` are own members: they are read and deleted by name,
 * and only names that a schema declares are ever assigned.
 */
export { applyDefaults } from "./defaults.ts";
export { maxDepth, nestsDeeperThan } from "./json.ts";
export { listTypeErrors } from "./list-types.ts";
export { prune } from "./prune.ts";
export { validate } from "./validate.ts";
