// The few SVG shapes the charts share. Colours are CSS variables of the page, so light, dark and print follow by themselves.
import { esc } from "./text";

export interface TextStyle {
  size?: number;
  anchor?: "start" | "middle" | "end";
  weight?: number;
  /** CSS class that gives the colour. */
  tone?: "ink" | "soft" | "faint" | "bad" | "good" | "onfill";
  /** Full text shown on hover when the visible one is cut. */
  full?: string;
}

const n = (value: number) => Number(value.toFixed(2));

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 13, anchor = "start", weight, tone = "ink", full } = style;
  return (
    `<text x="${n(x)}" y="${n(y)}" font-size="${size}" class="t-${tone}"` +
    `${anchor === "start" ? "" : ` text-anchor="${anchor}"`}${weight ? ` font-weight="${weight}"` : ""}>` +
    `${full !== undefined && full !== content ? `<title>${esc(full)}</title>` : ""}${esc(content)}</text>`
  );
}
export function rect(x: number, y: number, w: number, h: number, className: string, r = 3, title?: string): string {
  const attributes = `x="${n(x)}" y="${n(y)}" width="${n(Math.max(0, w))}" height="${n(h)}" rx="${r}" class="${className}"`;
  return title === undefined ? `<rect ${attributes}/>` : `<rect ${attributes}><title>${esc(title)}</title></rect>`;
}
export const line = (x1: number, y1: number, x2: number, y2: number, className: string): string =>
  `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" class="${className}"/>`;
export const circle = (x: number, y: number, r: number, className: string, title?: string): string =>
  `<circle cx="${n(x)}" cy="${n(y)}" r="${r}" class="${className}"${title === undefined ? "/>" : `><title>${esc(title)}</title></circle>`}`;
export const path = (d: string, className: string): string => `<path d="${d}" class="${className}"/>`;

/** An SVG that scales with the page, with a title and a description for those who cannot see it. */
export function svg(width: number, height: number, label: string, body: string[], className = ""): string {
  return (
    `<svg viewBox="0 0 ${n(width)} ${n(height)}" width="${n(width)}" height="${n(height)}" role="img" aria-label="${esc(label)}"` +
    `${className ? ` class="${className}"` : ""}>${body.join("")}</svg>`
  );
}

/** The same drawing for wide and for narrow screens; the page shows one of them. */
export function responsive(draw: (width: number) => string): string {
  return `<div class="wide">${draw(WIDE)}</div><div class="narrow">${draw(NARROW)}</div>`;
}
export const WIDE = 960;
export const NARROW = 340;
