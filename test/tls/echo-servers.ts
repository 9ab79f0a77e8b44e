/** What the global setup (test/setup/global-tls.ts) tells tests inside workerd. */
export interface EchoServer {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
}

/** By version and kind of key: `TLSv1.2 rsa`. */
export type EchoServers = Readonly<Record<string, EchoServer>>;

declare module "vitest" {
  interface ProvidedContext {
    readonly tlsServers: EchoServers;
  }
}
