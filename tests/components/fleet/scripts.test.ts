// How a pod comes by its scripts, and keeps them: an update of the library brings others, and changes nothing under a ship
// that runs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderCell } from "../../../components/fleet/render/cell";
import { SCRIPTS, scriptsName, TAKE_SCRIPTS } from "../../../components/fleet/render/scripts";
import { workloadKey } from "../../../components/fleet/render/ship";
import { cellContext, lockedShip } from "./fixtures";

const planet = lockedShip("sampel-palnet");

describe("taking them over", () => {
  let dir: string;
  const at = (...parts: string[]): string => join(dir, ...parts);
  const offered = (says: string): void => {
    mkdirSync(at("source"), { recursive: true });
    writeFileSync(at("source/claim.sh"), `echo ${says}\n`);
    writeFileSync(at("source/entrypoint.sh"), `echo the entrypoint of ${says}\n`);
  };
  const begin = (): { status: number | null; stdout: string } =>
    spawnSync("sh", ["-c", TAKE_SCRIPTS], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, ROADSTEAD_SOURCE: at("source"), ROADSTEAD_SCRIPTS: at("own") },
    });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "roadstead-scripts-"));
    mkdirSync(at("own"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test("a pod runs what it took over when it began, also after its node started again, whatever is offered then", () => {
    offered("first");
    expect(begin()).toMatchObject({ status: 0, stdout: "first\n" });
    offered("second");
    expect(begin()).toMatchObject({ status: 0, stdout: "first\n" });
    rmSync(at("source"), { recursive: true });
    expect(begin()).toMatchObject({ status: 0, stdout: "first\n" });
    expect(readFileSync(at("own/entrypoint.sh"), "utf8")).toBe("echo the entrypoint of first\n");
  });

  test("a pod that was cut off while it took them over takes them all again", () => {
    offered("first");
    writeFileSync(at("own/claim.sh"), "echo half");
    expect(begin()).toMatchObject({ status: 0, stdout: "first\n" });
    expect(existsSync(at("own/whole"))).toBe(true);
  });

  test("a pod without scripts does not begin", () => {
    expect(begin().status).not.toBe(0);
    expect(existsSync(at("own/whole"))).toBe(false);
  });
});

describe("where they lie", () => {
  const rendered = renderCell("c1", { ships: [planet], context: cellContext(), keys: new Set([planet.id]) });
  const scripts = rendered.find((r) => r.type.endsWith(":ConfigMap"))!.inputs as {
    metadata: { name: string };
    immutable: boolean;
    data: Record<string, string>;
  };

  test("in an object named by what is in it, which nobody changes", () => {
    const content = createHash("sha256").update(JSON.stringify(Object.entries(scripts.data)));
    expect(scripts.metadata.name).toBe(`ship-scripts-c1-${content.digest("hex").slice(0, 10)}`);
    expect(scripts).toMatchObject({ immutable: true, data: SCRIPTS });
  });

  test("a pod's first container takes them from there, and no other writes where they are run from", () => {
    const workload = rendered.find((r) => r.key === workloadKey(planet.id))!.inputs.spec as { template: Template };
    const { spec } = workload.template;
    expect(spec.volumes).toContainEqual({ name: "scripts", emptyDir: {} });
    // Optional: an update that brings others takes these away, and a pod that has its own must not need them again.
    const configMap = { name: scriptsName("c1"), optional: true };
    expect(spec.volumes).toContainEqual({ name: "scripts-source", configMap });
    const [first, ...others] = [...spec.initContainers, ...spec.containers];
    const own = (c: Container) => c.volumeMounts.filter((m) => m.mountPath === "/roadstead");
    expect([own(first!), first!.command]).toEqual([
      [{ name: "scripts", mountPath: "/roadstead" }],
      ["/bin/sh", "-c", TAKE_SCRIPTS],
    ]);
    expect(others.map(own)).toEqual(others.map(() => [{ name: "scripts", mountPath: "/roadstead", readOnly: true }]));
  });
});

interface Template {
  spec: { containers: Container[]; initContainers: Container[]; volumes: unknown[] };
}
interface Container {
  command: string[];
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
}
