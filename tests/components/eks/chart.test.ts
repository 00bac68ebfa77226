// One chart component: exact version, content by digest where a registry can be asked for it, hooks only through Helm itself.
import { Provider } from "@pulumi/kubernetes/provider";
import { Chart, type ChartArgs, ChartHooks } from "../../../components/eks";
import { ArgumentsRefused } from "../../../components/refusal";
import { asUp, preview, up } from "./record";

const RENDERED = "kubernetes:helm.sh/v4:Chart";
const INSTALLED = "kubernetes:helm.sh/v3:Release";
const DIGEST = `sha256:${"a".repeat(64)}`;

const build =
  (args: Partial<ChartArgs> = {}) =>
  () =>
    new Chart("edge", {
      chart: "oci://registry.example.com/charts/edge",
      version: "1.2.3",
      namespace: "edge",
      kubernetes: new Provider("k", { kubeconfig: "{}" }),
      ...args,
    });

const refusals = async (args: Partial<ChartArgs>, name = "edge"): Promise<string[]> => {
  await asUp();
  try {
    new Chart(name, { ...argsOf(), ...args });
  } catch (error) {
    if (error instanceof ArgumentsRefused) return error.problems.map((p) => p.path);
    throw error;
  }
  return [];
};
const argsOf = (): ChartArgs => ({
  chart: "oci://registry.example.com/charts/edge",
  version: "1.2.3",
  namespace: "edge",
  kubernetes: undefined as never,
});

test("fetches a chart by its content when told the digest, so that nothing else can come under its version", async () => {
  for (const hooks of Object.values(ChartHooks)) {
    const type = hooks === ChartHooks.Run ? INSTALLED : RENDERED;
    const withDigest = (await preview(build({ digest: DIGEST, hooks }))).one(type).inputs;
    expect(withDigest).toMatchObject({
      chart: `oci://registry.example.com/charts/edge@${DIGEST}`,
      version: "1.2.3",
    });
    expect((await preview(build({ digest: null, hooks }))).one(type).inputs.chart).not.toContain("@");
  }
});

test("refuses a digest that a repository would not check, a malformed one, a range, a source too many", async () => {
  const repository = { chart: "edge", repository: "https://charts.example.com" };
  expect(await refusals({ ...repository, digest: DIGEST })).toEqual(["digest"]);
  expect(await refusals({ digest: "sha256:abc" })).toEqual(["digest"]);
  expect(await refusals({ version: "^1.2" })).toEqual(["version"]);
  expect(await refusals({ version: "latest" })).toEqual(["version"]);
  expect(await refusals({ repository: "https://charts.example.com", digest: "no" })).toEqual(["repository", "digest"]);
  expect(await refusals({ version: null })).toEqual(["version"]);
});

test("renders objects into the graph, and installs with Helm only a chart whose hooks must run", async () => {
  const rendered = await preview(build());
  expect(rendered.all(RENDERED)).toHaveLength(1);
  expect(rendered.all(INSTALLED)).toEqual([]);
  const installed = await preview(build({ hooks: ChartHooks.Run }));
  expect(installed.all(RENDERED)).toEqual([]);
  // A fixed name, or the hooks of an upgrade would look for another release.
  expect(installed.one(INSTALLED).inputs.name).toBe("edge");
  expect(installed.one(INSTALLED).options.deleteBeforeReplace).toBe(true);
  for (const hooks of Object.values(ChartHooks)) {
    expect(await up(build({ hooks }))).toEqual((await preview(build({ hooks }))).set);
  }
  expect(await refusals({ hooks: ChartHooks.Run }, "e".repeat(54))).toEqual(["hooks"]);
});
