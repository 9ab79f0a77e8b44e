/** Writes the configuration of `workerd serve` (text Cap'n Proto, schema in node_modules/workerd/workerd.capnp). Pure. */

/** The same as in wrangler.toml and durable/wrangler.toml. */
const COMPATIBILITY_DATE = "2026-10-01";
const COMPATIBILITY_FLAGS = ["nodejs_compat", "enable_request_signal"];

/**
 * Durable Object classes. The unique keys name the directories of stored objects: changing one loses its objects.
 */
const OBJECTS = [
  { className: "ClusterTunnel", binding: "TUNNEL", uniqueKey: "drover-cluster-tunnel" },
  { className: "StoreWriter", binding: "STORE_WRITER", uniqueKey: "drover-store-writer" },
  { className: "Scheduler", binding: "SCHEDULER", uniqueKey: "drover-scheduler" },
  { className: "StoreReader", binding: "STORE_READER", uniqueKey: "drover-store-reader" },
  { className: "WatchHub", binding: "WATCH_HUB", uniqueKey: "drover-watch-hub" },
  { className: "WatchFanout", binding: "WATCH", uniqueKey: "drover-watch-fanout" },
  { className: "PeerLink", binding: "PEER", uniqueKey: "drover-peer-link" },
  { className: "TunnelStatistics", binding: "TUNNEL_STATISTICS", uniqueKey: "drover-tunnel-statistics" },
] as const;

/** A module of a bundled Worker; the first one of a Worker is its entry. */
export interface WorkerModule {
  /** Specifier under which others import it. */
  readonly name: string;
  readonly kind: "esModule" | "wasm" | "text";
  /** File with the content, relative to the configuration file. */
  readonly path: string;
}

export interface WorkerdConfig {
  readonly api: readonly WorkerModule[];
  readonly durable: readonly WorkerModule[];
  /** Directory for the objects' SQLite files. */
  readonly objectsDir: string;
  /** Unix socket of the API's default entrypoint. */
  readonly httpSocket: string;
  /** Unix socket of the API's entrypoint `ControlPlane`: not reachable through the front. */
  readonly controlSocket: string;
  /** Unix socket of the front, for the objects alone. */
  readonly relaySocket: string;
  /** Unix socket of the durable Worker's entrypoint `Evictor`, which only tests have. */
  readonly evictorSocket?: string;
  /** Unix socket of the pooler. */
  readonly databaseSocket: string;
  /** Text bindings of the API Worker: `DROVER_*` and `CATTLE_*`. */
  readonly apiVariables: Readonly<Record<string, string>>;
  /** Text bindings of the durable Worker. */
  readonly durableVariables: Readonly<Record<string, string>>;
}

/** The configuration's text. It holds key material: write it with mode 0600. */
export function workerdConfig(config: WorkerdConfig): string {
  const namespaces = OBJECTS.map(
    (object) =>
      `(className = ${text(object.className)}, uniqueKey = ${text(object.uniqueKey)}, enableSql = true)`,
  );
  const services = [
    struct({
      name: text("api"),
      worker: worker(config.api, [
        ...OBJECTS.map((object) => namespaceBinding(object, "durable")),
        databaseBinding(),
        struct({ name: text("LISTED_HOSTS"), service: text("listed-hosts") }),
        ...textBindings(config.apiVariables),
      ]),
    }),
    struct({
      name: text("durable"),
      worker: worker(
        config.durable,
        [
          ...OBJECTS.map((object) => namespaceBinding(object)),
          databaseBinding(),
          struct({
            name: text("API"),
            service: struct({ name: text("api"), entrypoint: text("ControlPlane") }),
          }),
          struct({ name: text("FRONT"), service: text("front") }),
          ...textBindings(config.durableVariables),
        ],
        {
          durableObjectNamespaces: list(namespaces),
          durableObjectStorage: `(localDisk = "objects")`,
          globalOutbound: text("clusters"),
          ...(config.evictorSocket === undefined
            ? {}
            : { compatibilityFlags: list([...COMPATIBILITY_FLAGS, "unsafe_module"].map(text)) }),
        },
      ),
    }),
    // The service "internet", which Workers have by default, leads to public addresses alone.
    struct({
      name: text("listed-hosts"),
      network: struct({
        allow: list(["public", "private"].map(text)),
        tlsOptions: "(trustBrowserCas = true)",
      }),
    }),
    // Clusters that are reached without an agent are mostly near, at private addresses. Only administrators name them.
    struct({ name: text("clusters"), network: struct({ allow: list([text("public"), text("private")]) }) }),
    struct({ name: text("objects"), disk: struct({ path: text(config.objectsDir), writable: "true" }) }),
    struct({
      name: text("front"),
      external: struct({ address: text(`unix:${config.relaySocket}`), http: "()" }),
    }),
    struct({
      name: text("database"),
      external: struct({ address: text(`unix:${config.databaseSocket}`), tcp: "()" }),
    }),
  ];
  const sockets = [
    struct({
      name: text("http"),
      address: text(`unix:${config.httpSocket}`),
      // The front sets it on every request, so that `request.url` starts with https as it does in production.
      http: struct({ forwardedProtoHeader: text("x-drover-proto") }),
      service: text("api"),
    }),
    struct({
      name: text("control"),
      address: text(`unix:${config.controlSocket}`),
      http: "()",
      service: struct({ name: text("api"), entrypoint: text("ControlPlane") }),
    }),
    ...(config.evictorSocket === undefined
      ? []
      : [
          struct({
            name: text("evictor"),
            address: text(`unix:${config.evictorSocket}`),
            http: "()",
            service: struct({ name: text("durable"), entrypoint: text("Evictor") }),
          }),
        ]),
  ];
  return [
    'using Workerd = import "/workerd/workerd.capnp";',
    `const config :Workerd.Config = ${struct({
      logging: "(structuredLogging = true)",
      services: list(services),
      sockets: list(sockets),
    })};`,
    "",
  ].join("\n");
}

function worker(
  modules: readonly WorkerModule[],
  bindings: readonly string[],
  more: Readonly<Record<string, string>> = {},
): string {
  return struct({
    modules: list(
      modules.map((module) =>
        struct({ name: text(module.name), [module.kind]: `embed ${text(module.path)}` }),
      ),
    ),
    compatibilityDate: text(COMPATIBILITY_DATE),
    compatibilityFlags: list(COMPATIBILITY_FLAGS.map(text)),
    bindings: list(bindings),
    ...more,
  });
}

function namespaceBinding(object: (typeof OBJECTS)[number], serviceName?: string): string {
  const designator = {
    className: text(object.className),
    ...(serviceName === undefined ? {} : { serviceName: text(serviceName) }),
  };
  return struct({ name: text(object.binding), durableObjectNamespace: struct(designator) });
}

/** The pooler trusts whoever can open its socket, so these credentials are only for show. */
function databaseBinding(): string {
  const hyperdrive = {
    designator: text("database"),
    database: text("drover"),
    user: text("drover"),
    password: text("drover"),
    scheme: text("postgresql"),
  };
  return struct({ name: text("DB"), hyperdrive: struct(hyperdrive) });
}

function textBindings(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => struct({ name: text(name), text: text(value) }));
}

function struct(fields: Readonly<Record<string, string>>): string {
  return `(${Object.entries(fields)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ")})`;
}

function list(items: readonly string[]): string {
  return `[\n${items.join(",\n")}\n]`;
}

/** A Cap'n Proto string literal: C escapes, everything outside printable ASCII as bytes of its UTF-8 form. */
function text(value: string): string {
  const bytes = [...Buffer.from(value, "utf8")].map((byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
    return `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `"${bytes.join("")}"`;
}
