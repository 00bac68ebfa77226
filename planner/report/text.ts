// Text for a page and for SVG: escaping, names people use, and how wide a text is when nobody can measure it.
import type { Candidate, Provider } from "../plan/schema";

/** Everything that came from a user, a file or a provider goes through here before it becomes markup. */
export function esc(value: unknown): string {
  return (
    String(value)
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;")
      .replace(/'/g, "&#39;")
      // Control characters are not allowed in HTML, and direction marks can turn a sentence round.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "\ufffd") // eslint-disable-line no-control-regex
  );
}

const MODE_NAMES: Record<string, string> = {
  managed: "Hosting service",
  "bare-metal": "Own hardware",
  vps: "One VPS",
  "multi-vps": "A VPS for each ship",
  groundseg: "GroundSeg hosts",
  eks: "Kubernetes on EKS",
  doks: "Kubernetes on DOKS",
  gke: "Kubernetes on GKE",
  aks: "Kubernetes on AKS",
  "existing-cluster": "Your own cluster",
  hybrid: "Own hosts, overflow in a cloud",
};
const PROVIDER_NAMES: Record<Provider, string> = {
  aws: "AWS",
  digitalocean: "DigitalOcean",
  hetzner: "Hetzner",
  gcp: "Google Cloud",
  azure: "Azure",
  own: "your own",
};
export const modeName = (mode: string): string => MODE_NAMES[mode] ?? mode;
export const providerName = (provider: Provider): string => PROVIDER_NAMES[provider];
/** Where a candidate stands, such as `AWS, us-west-2`. */
export const placeOf = (c: { mode: string; provider: Provider; region: string }): string =>
  c.provider === "own"
    ? c.mode === "managed"
      ? "run by others"
      : "your own place"
    : c.region === "any"
      ? providerName(c.provider)
      : `${providerName(c.provider)}, ${c.region}`;
export const candidateName = (c: Candidate): string => `${modeName(c.mode)} (${placeOf(c)})`;

const FRAMEWORKS: Record<string, string> = {
  hipaa: "HIPAA",
  gdpr: "GDPR",
  soc2: "SOC 2",
  iso27001: "ISO 27001",
  pci: "PCI DSS",
};
/** The planner's words as a sentence: frameworks by their names, a capital where the first word is an ordinary one. */
export function worded(text: string): string {
  const named = text.replace(/\b(hipaa|gdpr|soc2|iso27001|pci)\b/g, (id) => FRAMEWORKS[id]!);
  return /^[a-z]+(?![\w.])/.test(named) ? named.charAt(0).toUpperCase() + named.slice(1) : named;
}
export const sentence = (text: string): string => (/[.!?]$/.test(text) ? worded(text) : `${worded(text)}.`);

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
export const ratio = (value: number): string => `${Math.round(value * 100)} %`;

/** Estimated width of a text in px at a font size: on the wide side for the fonts in the page's stack. */
export function textWidth(text: string, size: number, bold = false): number {
  let units = 0;
  for (const char of text)
    units += /[ilj.,:;'|!()[\]]/.test(char)
      ? 0.32
      : /[mwMW@%]/.test(char)
        ? 0.92
        : /[A-Z0-9$€]/.test(char)
          ? 0.68
          : 0.6;
  return units * size * (bold ? 1.1 : 1);
}

/** The text, cut with an ellipsis where it would be wider than `width`. */
export function fitted(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const chars = [...text];
  while (chars.length > 1 && textWidth(`${chars.join("")}…`, size) > width) chars.pop();
  return `${chars.join("").trimEnd()}…`;
}

/** The text in lines no wider than `width`; a last line that does not fit is cut. */
export function wrapped(text: string, width: number, size: number, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (line === "" || textWidth(longer, size) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line) lines.push(line);
  if (lines.length > most) lines.splice(most - 1, Infinity, lines.slice(most - 1).join(" "));
  return lines.map((l) => fitted(l, width, size));
}

/** Round numbers for an axis from 0 to at least `top`. */
export function ticks(top: number, count = 4): number[] {
  if (!(top > 0)) return [0, 1];
  const raw = top / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw - 1e-9)!;
  const out: number[] = [];
  for (let i = 0; out.length === 0 || out[out.length - 1]! < top - 1e-9; i++)
    out.push(Number((i * step).toPrecision(12)));
  return out;
}
