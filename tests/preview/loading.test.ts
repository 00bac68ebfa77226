import { previewArchitectures } from "../../preview";
import { clusterArchitectures, stacksOf } from "./architectures";

jest.setTimeout(60_000);

const loaded = (name: string) =>
  Object.keys(require.cache).filter((file) => file.includes(`/node_modules/@pulumi/${name}/`)).length;

test("a preview of EKS loads the SDKs of its own provider only", async () => {
  await previewArchitectures(stacksOf(clusterArchitectures({ cells: 2, domain: "fleet.example.com" })));
  expect(loaded("aws")).toBeGreaterThan(0);
  expect(loaded("digitalocean")).toBe(0);
});
