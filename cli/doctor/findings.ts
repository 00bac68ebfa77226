// Findings as a person reads them, the same for every doctor.
import { type Io, painter, type Style } from "../io";
import { wrap } from "../render/text";
import type { Finding, Level } from "./diagnose";

const LOOK: Record<Level, { mark: string; style: Style }> = {
  blocks: { mark: "✗", style: "red" },
  look: { mark: "!", style: "yellow" },
  ok: { mark: "✓", style: "green" },
};

export function findingLines(f: Finding, io: Io): string[] {
  const paint = painter(io);
  const width = Math.max(60, Math.min(io.columns, 140));
  const [first = "", ...rest] = wrap(f.what, width, "  X ");
  // Never wrapped: most of it is a command to copy.
  const fix = f.fix === "" ? [] : [`    → ${f.fix}`];
  return [first.replace("X", paint(LOOK[f.level].style, LOOK[f.level].mark)), ...rest, ...fix];
}
