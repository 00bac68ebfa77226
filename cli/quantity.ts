// A Kubernetes quantity as a number: bytes, or CPUs.

const UNITS: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Not a number where the text is no quantity: whoever reads the API server has none such. */
export function quantity(text: string): number {
  const [, digits, unit] = /^([+-]?[0-9.]+(?:[eE][+-]?\d+)?)([numkMGTPE]i?|Ki)?$/.exec(text.trim()) ?? [];
  return digits === undefined ? NaN : Number(digits) * (UNITS[unit ?? ""] ?? NaN);
}
