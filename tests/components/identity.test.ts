// A logical name is identity: what is renamed is deleted and made again.
import { Cluster } from "../../components/eks";
import { sshKeyResources } from "../../components/host/render/digitalocean";
import { preview } from "./eks/record";

const REGION = "us-west-2";
const admin = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;

test("an administrator who leaves takes nobody else's access along", async () => {
  const accessOf = async (names: string[]) => {
    const made = await preview(
      () => new Cluster("c", { region: REGION, version: "1.34", subnetIds: ["a", "b"], adminArns: names.map(admin) }),
    );
    return made.set.filter((entry) => entry.startsWith("aws:eks/access"));
  };
  const all = await accessOf(["ann", "ben", "cem"]);
  const rest = await accessOf(["cem", "ben"]);
  expect(all).toHaveLength(6);
  expect(rest).toEqual(all.filter((entry) => !entry.includes("ann")));
});

test("an SSH key that is removed renames no other, whatever their order", () => {
  const keys = ["ann", "ben", "cem"].map((name) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${name} ${name}@example.com`);
  const namesOf = (list: string[]) => new Map(sshKeyResources("home", list).map((r) => [r.inputs.publicKey, r.name]));
  const all = namesOf(keys);
  const [, ben, cem] = keys as [string, string, string];
  expect(new Set(all.values()).size).toBe(3);
  expect([...namesOf([cem, ben])]).toEqual([
    [cem, all.get(cem)],
    [ben, all.get(ben)],
  ]);
});
