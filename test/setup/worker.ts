/** The main module that the vitest plugin asks for; tests import what they test. */
export default {
  fetch: () => new Response("not found\n", { status: 404 }),
} satisfies ExportedHandler;
