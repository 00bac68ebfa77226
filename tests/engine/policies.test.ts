// A mandatory policy stops `up`. The faults are put into registrations from outside, as a careless change of a component would.
import * as fs from "node:fs";
import { examples, prepare, type ExampleName } from "./engine/examples";
import { Project } from "./engine/project";

interface Careless {
  example: ExampleName;
  policy: string;
  type: string;
  /** Body of a function of the resource's `props` and `opts`. */
  change: string;
}

const FAULTS: Record<string, Careless> = {
  "a pier without protection": {
    example: "vps-digitalocean",
    policy: "roadstead-pier-protected",
    type: "digitalocean:index/volume:Volume",
    change: "opts.protect = false;",
  },
  "SSH open to the world": {
    example: "vps-digitalocean",
    policy: "roadstead-no-world-open-administration",
    type: "digitalocean:index/firewall:Firewall",
    change: "props.inboundRules = [{ protocol: 'tcp', portRange: '22', sourceAddresses: ['0.0.0.0/0'] }];",
  },
  "a second copy of a ship": {
    example: "existing-cluster",
    policy: "roadstead-ship-one-copy",
    type: "kubernetes:apps/v1:StatefulSet",
    change: "props.spec = { ...props.spec, replicas: 2 };",
  },
};

test.each(Object.entries(FAULTS))(
  "%s stops up before anything is made",
  async (_, { example, policy, type, change }) => {
    const project = new Project();
    try {
      const [stack] = await prepare(project, examples[example]);
      const given = project.cloud.journal().length;
      fs.writeFileSync(project.path("careless.cjs"), careless(type, change));
      const manifest = fs.readFileSync(project.path("Pulumi.yaml"), "utf8");
      fs.writeFileSync(project.path("Pulumi.yaml"), manifest.replace(/^main: .*$/m, "main: careless.cjs"));
      const refused = await project.pulumi([
        ...["up", "--yes", "--stack", stack!],
        ...["--policy-pack", project.path("policies")],
      ]);
      expect(refused.code).not.toBe(0);
      expect(refused.output).toMatch(new RegExp(`\\[mandatory\\].* ${policy} `));
      expect(project.cloud.journal().slice(given)).toEqual([]);
    } finally {
      project.remove();
    }
  },
);

const careless = (type: string, change: string): string => `
const runtime = require("@pulumi/pulumi/runtime");
runtime.registerStackTransformation(({ type, props, opts }) => {
  if (type === ${JSON.stringify(type)}) { ${change} }
  return { props, opts };
});
module.exports = require("./dist/stacks/index.js");
`;
