/** `npm run fuzz [-- openapi] …`: the API by its documents (the default). `npm run fuzz -- tunnel …`: frames and HTTP/1.1. */
import process from "node:process";
import { fuzzOpenApi } from "./openapi.ts";
import { fuzzTunnel } from "./tunnel/main.ts";

const [mode, ...rest] = process.argv.slice(2);
process.exitCode =
  mode === "tunnel"
    ? await fuzzTunnel(rest)
    : await fuzzOpenApi(mode === "openapi" ? rest : process.argv.slice(2));
