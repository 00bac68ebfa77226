// Plain text for people: aligned columns and wrapped paragraphs, without a library's weight at start-up.

export interface Column {
  title: string;
  right?: boolean;
}

/** Rows under their titles, two spaces apart. */
export function columns(titles: readonly Column[], rows: readonly (readonly string[])[], indent = 2): string[] {
  const widths = titles.map((t, i) => Math.max(t.title.length, ...rows.map((r) => (r[i] ?? "").length)));
  const line = (cells: readonly string[]) =>
    (
      " ".repeat(indent) +
      titles
        .map((t, i) => (t.right ? (cells[i] ?? "").padStart(widths[i]!) : (cells[i] ?? "").padEnd(widths[i]!)))
        .join("  ")
    ).trimEnd();
  return [line(titles.map((t) => t.title)), ...rows.map(line)];
}

/** One paragraph; the following lines are indented by `hang`. A word longer than the line stays whole. */
export function wrap(text: string, width: number, first = "", hang = first.length): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = " ".repeat(hang);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  if (!empty || lines.length === 0) lines.push(line.trimEnd());
  return lines;
}

export function bullets(texts: readonly string[], width: number): string[] {
  return texts.flatMap((t) => wrap(t, width, "  - "));
}
