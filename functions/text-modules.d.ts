/** Text modules (wrangler.toml, rules; infra/build/bundle.ts). */
declare module "*.txt" {
  const text: string;
  export default text;
}
