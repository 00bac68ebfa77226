// A healthy host with one thing changed, and what the doctor says of it.
import type { Finding } from "../../../cli/doctor/diagnose";
import { judgeHost } from "../../../cli/doctor/host/judge";
import { GROUNDSEG, healthy, PLANET, SHIP, subject, unit } from "./host-states";

export type Facts = ReturnType<typeof healthy>;
export const done = (out: string, code = 0) => ({ code, out });
export const wrong = (findings: readonly Finding[]) => findings.filter((f) => f.level !== "ok");

export function judged(change: (facts: Facts) => void, sample = PLANET) {
  const facts = healthy(sample);
  change(facts);
  const over = sample === GROUNDSEG ? { outside: null } : {};
  return judgeHost(subject(facts, over, sample));
}

export const shipUnit = (over: Record<string, string | number>) =>
  done(
    `${unit(`roadstead-ship@${SHIP}.service`, over)}\n\n${unit(`roadstead-first-boot@${SHIP}.service`, { ActiveState: "inactive" })}`,
  );
export const record = (facts: Facts, change: (text: string) => string) => {
  facts[`ship/${SHIP}/record`] = done(change(facts[`ship/${SHIP}/record`]!.out));
};
export const replaced = (facts: Facts, name: string, from: string | RegExp, to: string) => {
  expect(facts[name]!.out).toMatch(from);
  facts[name] = done(facts[name]!.out.replace(from, to));
};

export type Row = [what: string, change: (f: Facts) => void, id: string, level: string, says: RegExp];
