/** `npm start` with evictions: the same Drover, whose tunnels leave memory whenever they can. */
import { join } from "node:path";
import { run } from "../../infra/start/run.ts";
import { PROJECT_CODE } from "../../infra/start/workerd.ts";

await run({ ...PROJECT_CODE, durableEntry: join(import.meta.dirname, "durable.ts"), evictor: true });
