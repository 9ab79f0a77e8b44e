/** workerd's module for tests, as far as it is used here (workerd's `unsafe_module` flag and `--experimental`). */
declare module "workerd:unsafe" {
  const unsafe: {
    /** Waits until nothing is under way in the object; rejects after 30 s, and when it is not in memory. */
    evict(stub: unknown, options: { webSockets: "close" | "hibernate" }): Promise<void>;
  };
  export default unsafe;
}
