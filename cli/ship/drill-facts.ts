// What cluster and cloud say of a ship before its drill: its claim, its volume, and the snapshot to look at.
import { ANNOTATION, claimHolder, pierName, REGISTRY_NAMESPACE } from "../../components/fleet/render/names";
import type { Architecture, LockedShip } from "../../planner/architecture/schema";
import { usage } from "../exit";
import type { Io } from "../io";
import { quantity } from "../quantity";
import type { Kubectl, Program } from "./kubectl";

interface Meta {
  metadata: {
    name: string;
    annotations?: Record<string, string>;
    managedFields?: { time?: string; fieldsV1?: unknown }[];
  };
}
type Lease = Meta & { spec?: { holderIdentity?: string } };
type Claim = Meta & {
  spec: { volumeName?: string; storageClassName?: string };
  status?: { capacity?: { storage?: string } };
};
type Volume = Meta & { spec: { csi?: { driver: string; volumeHandle: string } } };
type Class = Meta & { parameters?: Record<string, string> };
type Snapshot = Meta & {
  spec: { source: { persistentVolumeClaimName?: string } };
  status?: { readyToUse?: boolean; creationTime?: string; boundVolumeSnapshotContentName?: string };
};
type SnapshotContent = Meta & { status?: { snapshotHandle?: string } };

export interface Noted {
  event: number | null;
  at: string | null;
}

/** The event of the ship's last clean stop. Also the proof that this is the ship's cluster. */
export async function notedOf(kubectl: Kubectl, ship: LockedShip, stack: string): Promise<Noted> {
  const lease = await kubectl.get<Lease>("lease", ship.id, "-n", REGISTRY_NAMESPACE, "--show-managed-fields");
  const holder = claimHolder(stack, ship.tenant);
  const found = lease?.spec?.holderIdentity;
  if (lease === null || found !== holder)
    throw usage(
      `${ship.name ?? ship.id}: its claim ${lease === null ? "is not there" : `belongs to ${found}`}; accepted: a cluster where ` +
        `${holder} holds it. Is this the right cluster? --context NAME names another`,
    );
  const event = lease.metadata.annotations?.[ANNOTATION.lastEvent] ?? "none";
  const times = (lease.metadata.managedFields ?? [])
    .filter((f) => JSON.stringify(f.fieldsV1 ?? {}).includes(`"f:${ANNOTATION.lastEvent}"`))
    .flatMap((f) => f.time ?? []);
  return /^\d+$/.test(event) ? { event: Number(event), at: times.sort().at(-1) ?? null } : { event: null, at: null };
}

export interface Disk {
  driver: string;
  /** Id of the volume at the provider. */
  handle: string;
  gib: number;
  /** Of its storage class; null where it has none. */
  parameters: Record<string, string> | null;
}

export async function diskOf(kubectl: Kubectl, ship: LockedShip): Promise<Disk> {
  const claim = await kubectl.get<Claim>("persistentvolumeclaim", pierName(ship.id), "-n", ship.tenant);
  const volume =
    claim?.spec.volumeName === undefined ? null : await kubectl.get<Volume>("persistentvolume", claim.spec.volumeName);
  const csi = volume?.spec.csi;
  if (claim === null || csi === undefined)
    throw usage(
      `${ship.name ?? ship.id}: has no volume of a storage driver; accepted: one. A ship that never started has nothing to drill`,
    );
  const name = claim.spec.storageClassName;
  const storage = name === undefined ? null : await kubectl.get<Class>("storageclass", name);
  return {
    driver: csi.driver,
    handle: csi.volumeHandle,
    gib: Math.max(ship.diskGiB, gibOf(claim.status?.capacity?.storage)),
    parameters: storage === null ? null : untagged(storage.parameters ?? {}),
  };
}

/** A tagged copy would be snapshotted in its turn. */
const untagged = (parameters: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).filter(([key]) => !key.startsWith("tagSpecification")));

/** What cannot be read counts for nothing: the lock's own size is the least. */
const gibOf = (text = "0"): number => Math.ceil((quantity(text) || 0) / 1024 ** 3);

export interface Asking {
  io: Io;
  kubectl: Kubectl;
  program: Program;
}

export interface Copy {
  handle: string;
  takenAt: string | null;
  /** Whether it is known to be of the ship's volume. */
  own: boolean;
}

/** The snapshot that is named, by the provider's id or as an object of the cluster; else the newest of the ship's volume. */
export async function copyOf(
  { io, kubectl, program }: Asking,
  ship: LockedShip,
  disk: Disk,
  { provider, region }: Pick<Architecture, "provider" | "region">,
  wanted: string | undefined,
): Promise<Copy> {
  const aws = provider === "aws" || disk.driver === "ebs.csi.aws.com";
  if (wanted !== undefined && /^snap-[0-9a-f]+$/.test(wanted)) {
    const found = aws ? await ofAws({ io, program }, region, ["--snapshot-ids", wanted]) : null;
    const one = found?.[0];
    if (found !== null && one?.volume !== disk.handle)
      throw usage(
        `--snapshot ${wanted}: is ${one === undefined ? "not there" : `of volume ${one.volume}`}; accepted: one of ${disk.handle}, ` +
          `the volume of ${ship.name ?? ship.id}`,
      );
    if (found === null)
      io.err("whose volume it is of could not be asked with the aws program: it can fail, and not pass\n");
    return { handle: wanted, takenAt: one?.at ?? null, own: found !== null };
  }
  const named = await ofCluster(kubectl, ship, wanted);
  if (named !== null) return named;
  if (wanted !== undefined)
    throw usage(
      `--snapshot ${wanted}: there is no such snapshot of ${pierName(ship.id)} in ${ship.tenant} that is ready; ` +
        "accepted: the provider's id of one, such as snap-0123456789abcdef0, or the name of a snapshot object there",
    );
  const filter = ["--filters", `Name=volume-id,Values=${disk.handle}`, "Name=status,Values=completed"];
  const newest = (aws ? await ofAws({ io, program }, region, filter) : null)
    ?.sort((a, b) => (a.at < b.at ? -1 : 1))
    .at(-1);
  if (newest === undefined)
    throw usage(
      `${ship.name ?? ship.id}: no snapshot of its volume ${disk.handle} was found; accepted: --snapshot ID` +
        (aws ? `. They are listed by: aws ec2 describe-snapshots --region ${region} ${filter.join(" ")}` : ""),
    );
  return { handle: newest.id, takenAt: newest.at, own: true };
}

async function ofCluster(kubectl: Kubectl, ship: LockedShip, wanted: string | undefined): Promise<Copy | null> {
  const kind = "volumesnapshots.snapshot.storage.k8s.io";
  const list = await kubectl.get<{ items: Snapshot[] }>(kind, "-n", ship.tenant);
  const ready = (list?.items ?? [])
    .filter((s) => s.status?.readyToUse === true && s.spec.source.persistentVolumeClaimName === pierName(ship.id))
    .filter((s) => wanted === undefined || s.metadata.name === wanted)
    .sort((a, b) => ((a.status?.creationTime ?? "") < (b.status?.creationTime ?? "") ? -1 : 1));
  const newest = ready.at(-1)?.status;
  if (newest?.boundVolumeSnapshotContentName === undefined) return null;
  const content = await kubectl.get<SnapshotContent>(
    "volumesnapshotcontents.snapshot.storage.k8s.io",
    newest.boundVolumeSnapshotContentName,
  );
  const handle = content?.status?.snapshotHandle;
  return handle === undefined ? null : { handle, takenAt: newest.creationTime ?? null, own: true };
}

/** Null when the aws program is not there, or was not let in. */
async function ofAws(
  { io, program }: Pick<Asking, "io" | "program">,
  region: string,
  which: string[],
): Promise<{ id: string; at: string; volume: string }[] | null> {
  const query = "Snapshots[].{id:SnapshotId,at:StartTime,volume:VolumeId}";
  const args = ["ec2", "describe-snapshots", "--region", region, ...which, "--query", query, "--output", "json"];
  const done = await program(io, "aws", args).catch(() => null);
  if (done?.code === 0) return JSON.parse(done.out) as { id: string; at: string; volume: string }[];
  return /InvalidSnapshot/.test(done?.err ?? "") ? [] : null;
}
