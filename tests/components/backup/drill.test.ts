import { drillProblems, judgeDrill, renderDrill, type DrillArgs, type Manifest } from "../../../components/backup";
import { ANNOTATION, LABEL, REGISTRY_NAMESPACE } from "../../../components/fleet/render/names";

const ARGS: DrillArgs = {
  id: "2026-11-21-a",
  ship: "sampel-palnet",
  snapshotHandle: "snap-0123456789abcdef0",
  diskGiB: 20,
  image: { repository: "tloncorp/vere", digest: `sha256:${"a".repeat(64)}`, architectures: ["x86_64"] },
  loom: 31,
  limitMiB: 4096,
  kubernetes: "1.34",
};
const drill = renderDrill(ARGS);
const one = (kind: string): Manifest => {
  const found = drill.objects.filter((o) => o.kind === kind);
  expect(found).toHaveLength(1);
  return found[0]!;
};
const deep = (kind: string, path: string): unknown =>
  path.split(".").reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], one(kind));
const pod = (path: string) => deep("Job", `spec.template.spec.${path}`);

describe("a drill", () => {
  test("makes exactly these objects, the closed network before the disk and the disk before the look", () => {
    expect(drill.objects.map((o) => o.kind)).toEqual([
      "Namespace",
      "NetworkPolicy",
      "ResourceQuota",
      "StorageClass",
      "VolumeSnapshotContent",
      "VolumeSnapshot",
      "PersistentVolumeClaim",
      "Job",
    ]);
  });

  test("can run one command, which starts no ship", () => {
    const containers = pod("containers") as Record<string, unknown>[];
    expect(containers).toHaveLength(1);
    expect(containers[0]!.command).toEqual(["urbit", "info", "--loom", "31", "/urbit/pier"]);
    expect(containers[0]!.args).toBeUndefined();
    expect(pod("initContainers")).toBeUndefined();
    expect(containers[0]!.ports).toBeUndefined();
  });

  test("has no network: nothing in, nothing out, no names, no service, no token", () => {
    expect(deep("NetworkPolicy", "spec")).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    expect(pod("dnsPolicy")).toBe("None");
    expect(pod("hostNetwork")).toBeUndefined();
    expect(pod("automountServiceAccountToken")).toBe(false);
    expect(deep("ResourceQuota", "spec.hard")).toMatchObject({
      services: "0",
      pods: "1",
      "count/statefulsets.apps": "0",
    });
  });

  test("runs once, and is not tried until it passes", () => {
    expect(deep("Job", "spec")).toMatchObject({ completions: 1, parallelism: 1, backoffLimit: 0 });
    expect(pod("restartPolicy")).toBe("Never");
  });

  test("gets no key and nothing of the ship but the copy of its disk", () => {
    expect(pod("volumes")).toEqual([
      { name: "copy", persistentVolumeClaim: { claimName: "copy" } },
      { name: "tmp", emptyDir: {} },
    ]);
    expect(JSON.stringify(drill.objects)).not.toMatch(/secret/i);
  });

  test("lies in a namespace of its own, outside registry and tenants, and is selected by nothing that selects ships", () => {
    expect(drill.namespace).not.toBe(REGISTRY_NAMESPACE);
    for (const { kind, metadata } of drill.objects) {
      expect([kind, metadata.namespace ?? drill.namespace]).toEqual([kind, drill.namespace]);
      expect(Object.keys(metadata.labels)).not.toContain(LABEL.ship);
      expect(Object.keys(metadata.labels)).not.toContain(LABEL.tenant);
    }
    expect(Object.keys(deep("Job", "spec.template.metadata.labels") as object)).not.toContain(LABEL.ship);
    expect(deep("Namespace", "metadata.labels")).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/enforce-version": "v1.34",
    });
  });

  test("says on the disk what the admission policy asks of every disk made from a snapshot, and that it is no breach", () => {
    expect(deep("PersistentVolumeClaim", "metadata.annotations")).toEqual({
      [ANNOTATION.breach]: "none: drill 2026-11-21-a looks at a copy and never starts it",
    });
    expect(deep("PersistentVolumeClaim", "spec.dataSource")).toMatchObject({ kind: "VolumeSnapshot", name: "copy" });
  });

  test("is refused without the image the ship ran with, a snapshot, or a name", () => {
    const wrong: DrillArgs = { ...ARGS, id: "Friday!", snapshotHandle: "", image: { repository: "tloncorp/vere" } };
    expect(drillProblems(wrong).map((p) => p.path)).toEqual(["id", "snapshotHandle", "image.digest"]);
    expect(() => renderDrill(wrong)).toThrow(/id: .*\nsnapshotHandle: .*\nimage\.digest: /);
  });

  test("leaves the snapshot, and nothing else", () => {
    expect(deep("VolumeSnapshotContent", "spec.deletionPolicy")).toBe("Retain");
    expect(deep("StorageClass", "reclaimPolicy")).toBe("Delete");
    expect(JSON.stringify(one("StorageClass"))).not.toContain("roadstead.dev/backup");
    // What is in the namespace goes with it; everything else is named.
    const named = drill.remove.map((r) => `${r.kind} ${r.name}`);
    for (const o of drill.objects)
      if (o.metadata.namespace === undefined) expect(named).toContain(`${o.kind} ${o.metadata.name}`);
    expect(named).toHaveLength(3);
  });
});

describe("the verdict of a drill", () => {
  const log = (event: number) => `\r\nurbit: sampel-palnet at event ${event}\r\n  disk: live=&, event=${event}\r\n`;
  const own = true;
  test("passes a copy that has the noted event, or a later one", () => {
    expect(judgeDrill({ exitCode: 0, log: log(100), noted: 100, own })).toMatchObject({
      verdict: "pass",
      event: 100,
      behind: 0,
    });
    expect(judgeDrill({ exitCode: 0, log: log(120), noted: 100, own })).toMatchObject({
      verdict: "pass",
      event: 120,
      behind: 0,
    });
  });
  test("fails a copy that is behind, unreadable, or not read to the end, and counts what is missing", () => {
    expect(judgeDrill({ exitCode: 0, log: log(90), noted: 100, own })).toMatchObject({
      verdict: "fail",
      event: 90,
      behind: 10,
    });
    expect(judgeDrill({ exitCode: 1, log: log(100), noted: 100, own })).toMatchObject({
      verdict: "fail",
      behind: null,
    });
    expect(judgeDrill({ exitCode: 0, log: "bail: meme", noted: 100, own })).toMatchObject({
      verdict: "fail",
      event: null,
    });
    expect(judgeDrill({ exitCode: null, log: log(100), noted: 100, own })).toMatchObject({ verdict: "fail" });
  });
  test("is inconclusive, not passed, with nothing to compare", () => {
    expect(judgeDrill({ exitCode: 0, log: log(100), noted: null, own })).toMatchObject({
      verdict: "inconclusive",
      event: 100,
    });
  });
  test("is inconclusive when nobody knows whose volume was copied: another ship's may be at a later event", () => {
    expect(judgeDrill({ exitCode: 0, log: log(120), noted: 100, own: false })).toMatchObject({
      verdict: "inconclusive",
      event: 120,
    });
  });
  test("is inconclusive when the event was noted after the snapshot was taken, and says how far it is behind", () => {
    const evidence = { own, exitCode: 0, log: log(90), noted: 100, takenAt: "2026-11-21T02:00:00Z" };
    expect(judgeDrill({ ...evidence, notedAt: "2026-11-21T09:00:00Z" })).toMatchObject({
      verdict: "inconclusive",
      behind: 10,
    });
    for (const notedAt of ["2026-11-20T09:00:00Z", null, undefined])
      expect(judgeDrill({ ...evidence, notedAt })).toMatchObject({ verdict: "fail", behind: 10 });
    expect(judgeDrill({ ...evidence, takenAt: null, notedAt: "2026-11-21T09:00:00Z" })).toMatchObject({
      verdict: "fail",
    });
  });
});
