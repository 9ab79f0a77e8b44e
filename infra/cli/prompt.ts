/** Reads answers from a terminal (secrets without echo) or, line by line, from a pipe. */
import process from "node:process";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

export interface Prompter {
  ask(question: string): Promise<string>;
  askSecret(question: string): Promise<string>;
  close(): void;
}

/** Questions go to standard error: standard output belongs to the command's result. */
export function openPrompter(): Prompter {
  let muted = false;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) process.stderr.write(chunk);
      done();
    },
  });
  const terminal = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, output, terminal });
  const waiting: ((line: string | undefined) => void)[] = [];
  const read: string[] = [];
  let ended = false;
  lines.on("line", (line) => {
    const next = waiting.shift();
    if (next === undefined) read.push(line);
    else next(line);
  });
  lines.on("close", () => {
    ended = true;
    for (const next of waiting.splice(0)) next(undefined);
  });

  async function answer(question: string, secret: boolean): Promise<string> {
    process.stderr.write(question);
    muted = secret && terminal;
    const line =
      read.shift() ??
      (ended ? undefined : await new Promise<string | undefined>((resolve) => waiting.push(resolve)));
    if (muted) process.stderr.write("\n");
    muted = false;
    if (line === undefined) throw new Error(`no answer to "${question.trim()}" on standard input`);
    return line;
  }

  return {
    ask: (question) => answer(question, false),
    askSecret: (question) => answer(question, true),
    close: () => lines.close(),
  };
}
