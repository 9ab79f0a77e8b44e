/** The tokens of a label selector, as the lexer of k8s.io/apimachinery/pkg/labels cuts them. */

const symbols = ["=", "!", "(", ")", ",", ">", "<", "==", "!="] as const;
type Kind = (typeof symbols)[number] | "in" | "notin" | "word" | "end";

export interface Token {
  readonly kind: Kind;
  /** As written; empty for `end`. */
  readonly text: string;
}

const blank = /[ \t\r\n]/;
const special = /[=!(),><]/;

/** All tokens, the last one `end`. A NUL where a token would begin ends the text; one right after a token is skipped. */
export function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && blank.test(text.charAt(at))) at++;
    if (at >= text.length || text[at] === "\0") break;
    const start = at;
    const pair = symbols.find((symbol) => symbol.length === 2 && text.startsWith(symbol, at));
    const one = symbols.find((symbol) => symbol === text[at]);
    const symbol = pair ?? one;
    if (symbol !== undefined) at += symbol.length;
    else
      while (
        at < text.length &&
        text[at] !== "\0" &&
        !special.test(text.charAt(at)) &&
        !blank.test(text.charAt(at))
      )
        at++;
    const word = text.slice(start, at);
    tokens.push({ kind: symbol ?? (word === "in" || word === "notin" ? word : "word"), text: word });
    if (text[at] === "\0") at++;
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}
