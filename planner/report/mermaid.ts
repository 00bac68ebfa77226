// The picture as a Mermaid flowchart, for a README or a wiki.
import type { Picture } from "./picture";
import { plural } from "./text";

/** Mermaid reads quotes, brackets and semicolons as syntax; inside quoted labels entities stand for them. */
const label = (text: string): string =>
  `"${[...text].map((c) => (/[\w .,:×()/·~+–-]/u.test(c) ? c : `#${c.codePointAt(0)};`)).join("")}"`;

export function mermaidOf(picture: Picture): string {
  const out = ["flowchart TB"];
  const add = (depth: number, text: string) => out.push(`${"  ".repeat(depth + 1)}${text}`);
  add(0, `people([${label("People, over the web")}])`);
  add(0, `peers([${label("Other ships")}])`);
  add(0, `subgraph region[${label(picture.title)}]`);
  picture.groups.forEach((group, g) => {
    add(1, `subgraph zone${g}[${label(group.name)}]`);
    group.boxes.forEach((box, b) => add(2, `n${g}x${b}[${label(`${box.title} · ${box.detail}`)}]`));
    add(1, "end");
  });
  picture.services.forEach((s, i) => add(1, `s${i}[(${label(`${s.name}: ${s.detail}`)})]`));
  add(0, "end");
  if (picture.dr) {
    add(0, `dr[(${label(`Copies in ${picture.dr}`)})]`);
    add(0, "region -. copies .-> dr");
  }
  add(0, `people -- ${label(picture.edge)} --> region`);
  add(0, `peers -- ${label(picture.ames)} --> region`);
  if (picture.ships !== null) add(0, `%% ${plural(picture.ships, "ship")}`);
  return `${out.join("\n")}\n`;
}
