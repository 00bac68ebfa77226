// What a GroundSegHost registers for its password.
import * as pulumi from "@pulumi/pulumi";
import { GroundSegHost } from "../../../components/groundseg";
import { groundSegHostArgs } from "../../../components/host";
import { deliveries } from "../../../components/host/render/delivery";
import { hostSettings } from "../../../components/host/render";
import type { Architecture } from "../../../planner/architecture/schema";
import { preview } from "../eks/record";
import { groundseg } from "../host/sample";

const CANARY = "CANARY of the harbour";
const HOST_KEY = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 7)]).toString("base64")}`;
const { host, lock } = groundseg();
const named = { ...lock, groundseg: { password: { secret: "groundseg-password" } } } as Architecture;
const make = (architecture: Architecture, secrets?: Record<string, pulumi.Input<string>>) =>
  preview(
    () =>
      new GroundSegHost(host.name, {
        ...groundSegHostArgs(host, architecture),
        ...(secrets ? { ssh: { hostKey: HOST_KEY, secrets } } : {}),
      }),
  );
const COMMAND = "command:remote:Command";

it("is delivered over SSH after the set-up, on standard input, and is a secret", async () => {
  const made = await make(named, { "groundseg-password": pulumi.secret(CANARY) });
  const delivery = made.one(COMMAND, "harbour-deliver-groundseg-password");
  const [planned] = deliveries(hostSettings(host, named));
  expect(delivery.inputs["create"]).toBe(planned!.unattended);
  expect(delivery.inputs).not.toHaveProperty("delete");
  expect(made.waits(delivery, made.one(COMMAND, "harbour-set-up"))).toBe(true);
  expect(JSON.stringify(made.resources)).not.toContain(CANARY);
});

it("is typed by hand where no secret is named, or the host is not recognised", async () => {
  expect((await make(lock, {})).all(COMMAND).map((r) => r.name)).toEqual(["harbour-set-up"]);
  expect((await make(named)).all(COMMAND)).toEqual([]);
});
