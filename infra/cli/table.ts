/** What the CLI prints. */
import process from "node:process";

/** Rows of cells in columns; the first row is the heading. */
export async function writeTable(table: readonly (readonly string[])[]): Promise<void> {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? "").length)),
  );
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  await writeOut(`${lines.join("\n")}\n`);
}

/** Resolves when the whole text is handed over, so that exiting does not cut a pipe. Rejects when the reader is gone. */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
