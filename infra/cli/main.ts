/** `npm run drover -- COMMAND`: log in, import and connect clusters, get kubeconfigs. */
import process from "node:process";
import { parseArgs } from "node:util";
import { importCluster, listClusters, printKubeconfig, printToken } from "./clusters.ts";
import { readConfig } from "./config.ts";
import { connectCluster } from "./connect.ts";
import { login } from "./login.ts";
import type { PeerOptions } from "./peers.ts";
import { addPeer, listPeers, removePeer } from "./peers.ts";

const help = `Usage: npm run drover -- COMMAND [options]

  login [--server URL] [--ca FILE] [--data-dir DIR] [--username NAME]
        Logs in and keeps the session. The server is https://localhost:8443 unless given; on this machine the CA that
        \`npm start\` made is trusted. A generated password must be changed here. DROVER_PASSWORD and
        DROVER_NEW_PASSWORD answer the questions; otherwise they are read from the terminal or standard input.
  import NAME [--apply [--kubeconfig FILE] [--context NAME]]
        Creates the cluster NAME and prints the manifest of its agent, for \`| kubectl apply -f -\` in that cluster;
        with --apply runs kubectl itself.
  connect NAME [--kubeconfig FILE] [--context NAME]
        Adds the cluster of a kubeconfig's context as NAME, without an agent: for API endpoints that Drover can reach. Runs
        kubectl to make an account for Drover in the cluster. Again: renews endpoint, CA and token.
  clusters
        Lists the clusters and their states.
  kubeconfig NAME
        Prints a kubeconfig for the cluster NAME (name or id).
  token [--description TEXT] [--ttl MINUTES]
        Mints an API token and prints it.
  peer add NAME [--url URL --ca FILE --local-id ID] [--offer IDS] [--use IDS]
        Declares another installation, or changes what is said of it, and prints the secret that it must show. With
        --url it is dialled: --ca signs its certificate, ID is what it knows us by, and DROVER_PEER_SECRET the secret
        that it gave us. It may use our clusters in --offer, and is used for those in --use: ids by commas, or '*'.
  peer list
  peer remove NAME
        Lists peers and their sessions; forgets one.
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: {
      server: { type: "string", default: process.env["DROVER_SERVER_URL"] || "https://localhost:8443" },
      ca: { type: "string" },
      "data-dir": { type: "string", default: process.env["DROVER_DATA_DIR"] || ".drover" },
      username: { type: "string", default: "admin" },
      apply: { type: "boolean", default: false },
      kubeconfig: { type: "string" },
      context: { type: "string" },
      description: { type: "string", default: "drover CLI" },
      ttl: { type: "string", default: "0" },
      url: { type: "string" },
      "local-id": { type: "string" },
      offer: { type: "string" },
      use: { type: "string" },
      help: { type: "boolean", default: false, short: "h" },
    },
  });
  const [command, name, third] = positionals;
  if (values.help || command === undefined) {
    process.stdout.write(help);
    return;
  }
  const target = {
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    ...(values.context === undefined ? {} : { context: values.context }),
  };
  switch (command) {
    case "login":
      return login({
        server: values.server,
        dataDir: values["data-dir"],
        username: values.username,
        ...(values.ca === undefined ? {} : { caFile: values.ca }),
      });
    case "import":
      return importCluster(readConfig(), required(name, "import NAME"), {
        apply: values.apply,
        ...target,
      });
    case "connect":
      return connectCluster(readConfig(), required(name, "connect NAME"), target);
    case "clusters":
      return listClusters(readConfig());
    case "kubeconfig":
      return printKubeconfig(readConfig(), required(name, "kubeconfig NAME"));
    case "token":
      return printToken(readConfig(), { description: values.description, ttlMinutes: minutes(values.ttl) });
    case "peer":
      return peer(name, third, {
        url: values.url,
        caFile: values.ca,
        localId: values["local-id"],
        offer: values.offer,
        use: values.use,
        outgoing: process.env["DROVER_PEER_SECRET"] || undefined,
      });
    default:
      throw new Error(`unknown command ${command}: see \`npm run drover -- --help\``);
  }
}

function peer(verb: string | undefined, name: string | undefined, options: PeerOptions): Promise<void> {
  switch (verb) {
    case "add":
      return addPeer(readConfig(), required(name, "peer add NAME"), options);
    case "list":
      return listPeers(readConfig());
    case "remove":
      return removePeer(readConfig(), required(name, "peer remove NAME"));
    default:
      throw new Error("usage: npm run drover -- peer add|list|remove");
  }
}

function required(name: string | undefined, usage: string): string {
  if (name === undefined) throw new Error(`usage: npm run drover -- ${usage}`);
  return name;
}

function minutes(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error("--ttl takes a whole number of minutes");
  return Number(text);
}

// Whoever reads our output may leave (`| head -1`). The error events say no more than a failed write (clusters.ts), and
// unheard they would end this process with a stack.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
try {
  await main();
} catch (error) {
  process.stderr.write(`drover: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
