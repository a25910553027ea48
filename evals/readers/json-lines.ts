/** One value a line; empty lines are passed over. Throws naming the line that is none. */
export function jsonLines(text: string, name: string): unknown[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      throw new Error(`${name}:${i + 1}: this line is no JSON.`);
    }
  });
}
