// The hosts that the suites look at: every mode, and every host of every example that is planned on hosts.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildArchitectures } from "../../planner/architecture/build";
import type { Architecture, LockedHost } from "../../planner/architecture/schema";
import { renderHost, type RenderedHost, type RenderHostOptions } from "../../components/host/render";
import { planText } from "../../cli/planning";
import type { Io } from "../../cli/io";
import { bareMetal, groundseg, host, lock, planet, RECIPIENT, ship } from "../components/host/sample";
import { VERSIONS } from "./downloads";

export interface Sample {
  host: LockedHost;
  lock: Architecture;
}

/** Versions whose archives exist here, and an administrator, in place of what the samples leave open. */
const settled = ({ host: h, lock: l }: Sample, over: Partial<Architecture> = {}): Sample => ({
  host: h,
  lock: { ...l, versions: VERSIONS as Architecture["versions"], ...over },
});

/** Swap is the whole machine's, so no machine of these tests makes any. */
const swapless = (s: Sample): Sample => ({ ...s, host: { ...s.host, swapGiB: 0 } });

export const samples = {
  "planet at DigitalOcean": settled(planet()),
  "planet on AWS, arm64": settled({
    host: host({ provider: "aws", region: "us-west-2", zone: "us-west-2a", size: "t4g.medium", arch: "arm64" }),
    lock: planet().lock,
  }),
  "planet without a domain": settled(planet(), { dns: { domain: null, zoneId: null } }),
  comet: settled({ host: host(), lock: lock([ship("drift", { name: null, class: "comet", key: null })]) }),
  "GroundSeg at DigitalOcean": settled(groundseg()),
  "GroundSeg on AWS": settled(
    groundseg({ provider: "aws", region: "us-west-2", zone: "us-west-2a", size: "r7a.large" }),
  ),
  "bare metal": settled(bareMetal()),
} satisfies Record<string, Sample>;

export const rendered = (sample: Sample, opts: RenderHostOptions = {}): RenderedHost =>
  renderHost(sample.host, sample.lock, opts);

/** The machine of a test: one key ship and one fake ship on the root disk, nothing that the real kernel would notice. */
export const attic = (): Sample => swapless(settled(bareMetal()));
export const harbour = (): Sample => swapless(settled(groundseg()));
export const home = (): Sample => swapless(settled(planet()));

const root = join(__dirname, "../..");
const io = { cwd: root, env: {} } as Io;

const ownKeys = ({ backup }: Architecture): Partial<Architecture> =>
  backup.offHost ? { backup: { ...backup, offHost: { ...backup.offHost, recipients: [RECIPIENT] } } } : {};

/** Every host that an example plans, with the example's name. */
export function exampleHosts(): [name: string, sample: Sample][] {
  return readdirSync(join(root, "examples"))
    .filter((f) => f.endsWith(".yaml"))
    .flatMap((file) => {
      const text = readFileSync(join(root, "examples", file), "utf8");
      const planned = planText(io, text, file, {});
      if (planned.plan.chosen === null) return [];
      const { stacks } = buildArchitectures({
        ...planned,
        candidateId: planned.plan.chosen,
        stack: planned.requirements.environment,
        previous: new Map(),
      });
      const access = samples["bare metal"].lock.access;
      return stacks.flatMap(({ architecture }) =>
        architecture.hosts.map(
          (h) =>
            [`${file} ${h.name}`, settled({ host: h, lock: architecture }, { access, ...ownKeys(architecture) })] as [
              string,
              Sample,
            ],
        ),
      );
    });
}
