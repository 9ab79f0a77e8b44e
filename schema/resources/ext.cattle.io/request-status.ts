/** How the answer to a request tells what became of it. */
import { metaConditionsSchema } from "../conditions.ts";
import { object, string } from "../../structural/shapes.ts";

export const requestStatusSchema = object({ conditions: metaConditionsSchema, summary: string });
