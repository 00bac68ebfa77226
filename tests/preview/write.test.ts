import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseAllDocuments } from "yaml";
import { OFFLINE_SECRET, OutputRefused, previewArchitectures, writePreview, type Preview } from "../../preview";
import { clusterArchitectures, hostArchitectures, stacksOf } from "./architectures";

jest.setTimeout(60_000);

let dir: string;
let cluster: Preview;
let hosts: Preview;
beforeAll(async () => {
  cluster = await previewArchitectures(stacksOf(clusterArchitectures({ cells: 2, domain: "fleet.example.com" })));
  hosts = await previewArchitectures(stacksOf(hostArchitectures({ versions: {} })));
});
beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-preview-"))));
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const read = (file: string) => fs.readFileSync(path.join(dir, file), "utf8");

describe("a written preview", () => {
  test("holds every Kubernetes object of every cell once, each with a kind and a name", () => {
    const files = writePreview(dir, cluster).filter((f) => f.startsWith("manifests/"));
    const objects = files.flatMap((f) =>
      parseAllDocuments(read(f)).map(
        (d) => d.toJS() as { apiVersion?: string; kind?: string; metadata?: { name?: string } } | null,
      ),
    );
    const expected = cluster.graph.resources.filter((r) => r.custom && r.inputs.apiVersion && r.inputs.kind);
    expect(objects).toHaveLength(expected.length);
    expect(objects.filter((o) => o === null || !o.apiVersion || !o.kind || !o.metadata?.name)).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(["manifests/t-0000000001.yaml", "manifests/t-0000000002.yaml"]));
  });

  test("makes a tenant's namespace before anything in it", () => {
    writePreview(dir, cluster);
    const [first] = parseAllDocuments(read("manifests/t-0000000002.yaml"));
    expect(first!.toJS()).toMatchObject({ kind: "Namespace", metadata: { name: "t-0000000002" } });
  });

  test("has no value of a secret, and Secrets an API server would take", () => {
    const files = writePreview(dir, cluster);
    const all = files.map(read).join("\n");
    expect(cluster.ledger.ships.every((s) => s.key === "given")).toBe(true);
    expect(all).not.toContain(OFFLINE_SECRET);
    expect(all).not.toContain(Buffer.from(OFFLINE_SECRET).toString("base64"));
    const secrets = files
      .filter((f) => f.startsWith("manifests/"))
      .flatMap((f) =>
        parseAllDocuments(read(f)).map((d) => d.toJS() as { kind: string; stringData?: object; data?: object }),
      )
      .filter((o) => o.kind === "Secret");
    expect(secrets.length).toBeGreaterThan(4);
    for (const s of secrets) {
      expect(Object.values({ ...s.stringData, ...s.data }).every((v) => typeof v === "string")).toBe(true);
      for (const v of Object.values(s.data ?? {})) expect(Buffer.from(String(v), "base64").toString("base64")).toBe(v);
    }
  });

  test("has graph, diagram and cost beside them, and the graph reads back", () => {
    expect(writePreview(dir, cluster)).toEqual(expect.arrayContaining(["cost.json", "graph.json", "graph.mmd"]));
    expect(JSON.parse(read("graph.json"))).toEqual(JSON.parse(JSON.stringify(cluster.graph)));
    expect(JSON.parse(read("cost.json"))).toMatchObject({ mid: 100, currency: "USD" });
    expect(read("graph.mmd")).toMatch(/^flowchart TD\n/);
  });

  test("has user-data and script of each host, with what is missing marked", () => {
    writePreview(dir, hosts);
    expect(read("hosts/sampel-palnet/user-data")).toMatch(/^#cloud-config/);
    expect(read("hosts/sampel-palnet/script.sh")).toMatch(/^#!/);
  });
});

describe("the directory a preview is written to", () => {
  test("is refused when something else filled it, and left as it was", () => {
    fs.writeFileSync(path.join(dir, "thesis.txt"), "years of work");
    expect(() => writePreview(dir, hosts)).toThrow(OutputRefused);
    expect(fs.readdirSync(dir)).toEqual(["thesis.txt"]);
  });

  test("is written again, without what is no longer there and with what somebody put in", () => {
    writePreview(dir, cluster);
    fs.writeFileSync(path.join(dir, "notes.txt"), "mine");
    fs.writeFileSync(path.join(dir, "manifests", "mine.yaml"), "mine: true");
    writePreview(dir, hosts);
    expect(fs.readdirSync(path.join(dir, "manifests"))).toEqual(["mine.yaml"]);
    expect(read("notes.txt")).toBe("mine");
    expect(fs.readdirSync(dir).filter((f) => f.startsWith(".roadstead-preview-"))).toEqual([]);
  });

  test("is not left through a link inside it", () => {
    const outside = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-outside-"));
    writePreview(dir, hosts);
    fs.symlinkSync(outside, path.join(dir, "manifests"));
    expect(() => writePreview(dir, cluster)).toThrow(OutputRefused);
    expect(fs.readdirSync(outside)).toEqual([]);
    fs.rmSync(outside, { recursive: true });
  });

  test("never loses a file outside it to a marker somebody edited", () => {
    const victim = path.join(path.dirname(dir), `${path.basename(dir)}-victim`);
    fs.writeFileSync(victim, "keep me");
    writePreview(dir, hosts);
    const marker = path.join(dir, ".roadstead-preview.json");
    fs.writeFileSync(marker, JSON.stringify({ files: [`../${path.basename(victim)}`] }));
    writePreview(dir, hosts);
    expect(fs.readFileSync(victim, "utf8")).toBe("keep me");
    fs.rmSync(victim);
  });
});
