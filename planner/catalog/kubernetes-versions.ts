// How long AWS supports each Kubernetes version on EKS. A version that is not here is unknown, never assumed to be supported.

export interface EksVersion {
  version: string;
  /** First day that costs the extended price. */
  standardUntil: string;
  /** From this day AWS upgrades control planes by itself, and makes no new ones. */
  extendedUntil: string;
  source: string;
  basis: "read" | "secondary";
}

/** The day the table was read; what had ended by then is refused, whatever the clock says. */
export const EKS_VERSIONS_READ_ON = "2026-11-21";

const GUIDE = "awsdocs/amazon-eks-user-guide 0138560, versioning/kubernetes-versions.adoc";
const version = (
  name: string,
  standardUntil: string,
  extendedUntil: string,
  source: string = GUIDE,
  basis: EksVersion["basis"] = "read",
): EksVersion => ({ version: name, standardUntil, extendedUntil, source, basis });

/** Oldest first. */
export const EKS_VERSIONS: readonly EksVersion[] = [
  version("1.29", "2025-03-23", "2026-03-23"),
  version("1.30", "2025-07-23", "2026-07-23"),
  version("1.31", "2025-11-26", "2026-11-26"),
  version("1.32", "2026-03-23", "2027-03-23"),
  version("1.33", "2026-07-29", "2027-07-29"),
  version("1.34", "2026-12-02", "2027-12-02"),
  version("1.35", "2027-03-27", "2028-03-27", "endoflife.date/amazon-eks and aws-samples, both 2026", "secondary"),
];

export const EksSupport = { Standard: "standard", Extended: "extended", Ended: "ended", Unknown: "unknown" } as const;
export type EksSupport = (typeof EksSupport)[keyof typeof EksSupport];

const minor = (name: string): number => Number(/^1\.(\d+)$/.exec(name)?.[1] ?? NaN);

/** What AWS gives a version on a day, written YYYY-MM-DD. */
export function eksSupport(name: string, day: string): EksSupport {
  const known = EKS_VERSIONS.find((v) => v.version === name);
  if (known === undefined) return minor(name) < minor(EKS_VERSIONS[0]!.version) ? "ended" : "unknown";
  if (day >= known.extendedUntil) return "ended";
  return day >= known.standardUntil ? "extended" : "standard";
}

/** Versions that may be built on: not ended when the table was read. */
export const buildableVersions = (): string[] =>
  EKS_VERSIONS.filter((v) => eksSupport(v.version, EKS_VERSIONS_READ_ON) !== "ended").map((v) => v.version);

/** Days before the end of standard support from which it is worth a warning: an upgrade of a fleet takes weeks. */
const NOTICE_DAYS = 60;

/** What there is to say about a version on a day: null when nothing, undefined when its dates are not known. */
export function eksVersionNotice(name: string, day: string): string | null | undefined {
  const support = eksSupport(name, day);
  const dates = EKS_VERSIONS.find((v) => v.version === name);
  if (support === "unknown") return undefined;
  if (support === "ended") return `EKS ${name} is out of support: AWS upgrades the control plane by itself`;
  if (support === "extended")
    return `EKS ${name} left standard support on ${dates!.standardUntil}: six times the price until ${dates!.extendedUntil}, then AWS upgrades it`;
  const days = Math.ceil((Date.parse(dates!.standardUntil) - Date.parse(day)) / 86_400_000);
  return days > NOTICE_DAYS ? null : `EKS ${name} leaves standard support in ${days} days, on ${dates!.standardUntil}`;
}
