// Every field that becomes part of a script: a lock or a component's arguments have been through no requirements.
import {
  DEVICE,
  DOMAIN,
  HOST_NAME,
  isNetwork,
  LOOM,
  SHA256,
  VERSION,
  VERSION_LOOKS,
} from "../../../planner/host-fields";
import { secretInText, type PredicateProblem } from "../../../planner/predicates";
import { HostArch, HostKind, HostProvider, type HostSettings } from "./settings";

export function fieldProblems(settings: HostSettings): PredicateProblem[] {
  const out: PredicateProblem[] = [];
  const check = (path: string, value: unknown, fits: boolean, accepted: string): void => {
    if (fits) return;
    const text = String(value);
    const secret = secretInText(text);
    const received = secret === null ? JSON.stringify(text) : `[looks like ${secret}; not shown]`;
    out.push({ code: "bad-field", path, received, accepted, fix: "write it as it is accepted" });
  };
  const text = (path: string, value: unknown, pattern: RegExp, accepted: string): void =>
    check(path, value, value === undefined || (typeof value === "string" && pattern.test(value)), accepted);
  const word = (path: string, value: string, words: Record<string, string>): void =>
    check(path, value, Object.values(words).includes(value), Object.values(words).join(", "));
  const whole = (path: string, value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): void =>
    check(
      path,
      value,
      value === undefined || (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most),
      most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least} on` : `a whole number from ${least} to ${most}`,
    );

  word("kind", settings.kind, HostKind);
  word("provider", settings.provider, HostProvider);
  word("arch", settings.arch, HostArch);
  text("name", settings.name, HOST_NAME, "a name of lower-case letters, digits and dashes, a letter first");
  check("memoryGiB", settings.memoryGiB, Number.isFinite(settings.memoryGiB), "a number");
  whole("swapGiB", settings.swapGiB, 0);
  text("domain", settings.domain, DOMAIN, "a lower-case domain name such as fleet.example.com");
  if (settings.dataDevice !== "ebs")
    text("dataDevice", settings.dataDevice, DEVICE, "a path below /dev, best one under /dev/disk/by-id");
  settings.access.adminCidrs.forEach((cidr, i) =>
    check(`access.adminCidrs[${i}]`, cidr, isNetwork(cidr), "a network in CIDR notation, such as 203.0.113.7/32"),
  );
  for (const key of ["vere", "groundseg"] as const) {
    text(`versions.${key}.version`, settings[key]?.version, VERSION, VERSION_LOOKS);
    text(`versions.${key}.sha256`, settings[key]?.sha256, SHA256, "64 lower-case hex digits");
  }
  settings.ships.forEach((ship, i) => {
    whole(`ships[${i}].loom`, ship.loom, LOOM.least, LOOM.most);
    whole(`ships[${i}].importedAtEvent`, ship.importedAtEvent, 1);
  });
  return out;
}
