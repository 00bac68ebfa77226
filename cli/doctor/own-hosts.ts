// How machines of one's own are set up for the first time, as commands: by hand, since `up` logs in only where it knows whom.
import type { Architecture } from "../../planner/architecture/schema";
import { keepCopy } from "../../components/host/next-steps";
import { adminUser } from "../../components/host/render/access";
import { LIB } from "../../components/host/render/file";
import { hostSettings, VolumeKey } from "../../components/host/render/settings";
import { usesLuks, volumeKey } from "../../components/host/render/volume";

/** The first of them step by step, the others by name; nothing where `up` delivers. */
export function setUpByHand(a: Architecture, stack: string, delivered: (host: string) => boolean): string[] {
  const own = a.hosts.filter((h) => h.kind === "bare-metal" && !delivered(h.name));
  const [first, ...others] = own;
  if (first === undefined) return [];
  const settings = hostSettings(first, a);
  const address = first.address ?? first.name;
  const key = `${first.name}-volume.key`;
  const brought = usesLuks(settings) && volumeKey(settings) === VolumeKey.Operator;
  return [
    "# a machine of yours is set up by hand the first time, as root:",
    ...(brought
      ? [
          `${keepCopy("head -c 64 /dev/urandom", key)}   # its disk's key: keep it in two places, without it the piers are lost`,
        ]
      : []),
    `roadstead host render ${stack} --script --host ${first.name} > ${first.name}.sh`,
    `ssh root@${address} sh -s < ${first.name}.sh`,
    ...(brought
      ? [
          `ssh ${adminUser(settings)}@${address} 'sudo ${LIB}/volume key' < ${key}   # the disk waits for it, now and after every boot`,
        ]
      : []),
    ...(others.length > 0 ? [`# and ${others.map((h) => h.name).join(", ")} in the same way`] : []),
  ];
}
