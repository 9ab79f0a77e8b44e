/** `npm start`: a whole Drover on this machine. */
import { run } from "./run.ts";

await run();
