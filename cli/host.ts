// `roadstead host render STACK|FILE`: the set-up of a host as a script or as user-data, for a machine that exists already.
import * as path from "node:path";
import { buildArchitectures } from "../planner/architecture/build";
import type { Architecture, LockedHost } from "../planner/architecture/schema";
import { parseStackFile } from "../planner/architecture/stack-file";
import { STABLE_DEVICE } from "../planner/host-fields";
import { EXIT, type ExitCode, refuseLocks, Stop, usage } from "./exit";
import { rootOfOutput, writeAll } from "./files";
import type { Io } from "./io";
import { outputDirectory } from "./outputs";
import { planFile, type PlanningOptions } from "./planning";
import { projectOf, readStackFile } from "./project";

export interface HostRenderOptions extends PlanningOptions {
  /** The script instead of user-data; own hosts have nothing else. */
  script?: boolean;
  /** One host of several. */
  host?: string;
  /** Directory to write every rendered host into, instead of printing one. */
  out?: string;
  /** Block device for the piers of an own host, with a requirements file that names none. */
  dataDevice?: string;
}

/* eslint-disable @typescript-eslint/no-require-imports -- bad input is refused before the renderers are loaded */
const renderers = () =>
  require("../components/host/render/rendered") as typeof import("../components/host/render/rendered");
/* eslint-enable @typescript-eslint/no-require-imports */

export async function hostRender(target: string, options: HostRenderOptions, io: Io): Promise<ExitCode> {
  // Before anything is planned: a place nothing may be written to is refused at once.
  const dir = options.out === undefined ? null : outputDirectory(io, options.out);
  if (options.dataDevice !== undefined && !STABLE_DEVICE.test(options.dataDevice))
    throw usage(
      `--data-device ${options.dataDevice}: accepted: a stable path such as /dev/disk/by-id/nvme-eui.0025385b1141a1f3`,
    );
  const architectures = isFile(target) ? planned(target, options, io) : [recorded(target, options, io)];
  const all = architectures.flatMap((architecture) => architecture.hosts.map((host) => ({ host, architecture })));
  const names = all.map(({ host }) => host.name).join(", ");
  if (all.length === 0)
    throw usage(
      `${target}: its ships are on a cluster; accepted: a plan on hosts (platform vps, multi-vps, groundseg, bare-metal)`,
    );
  const wanted = all.filter(({ host }) => options.host === undefined || host.name === options.host);
  if (wanted.length === 0) throw usage(`--host ${options.host}: accepted: ${names}`);
  if (dir === null && wanted.length > 1)
    throw usage(
      `${target} has ${wanted.length} hosts: ${names}; accepted: one of them with --host NAME, or all with --out DIR`,
    );
  const texts = wanted.map((w) => ({ name: w.host.name, ...textOf(w.host, w.architecture, options) }));
  if (dir === null) {
    io.out(texts[0]!.text);
    return EXIT.done;
  }
  writeAll(
    texts.map(({ name, file, text }) => ({
      root: rootOfOutput(io, options.out!),
      path: path.join(dir, "hosts", name, file),
      text,
    })),
  );
  io.err(`${texts.length} files in ${options.out}\n`);
  return EXIT.done;
}

/** A stack name never has a dot or a slash in it, a requirements file always one of them. */
const isFile = (target: string): boolean => /[./\\]/.test(target);

function planned(file: string, options: HostRenderOptions, io: Io): Architecture[] {
  const made = planFile(io, file, options);
  if (made.plan.chosen === null)
    throw new Stop(EXIT.nothingFeasible, `${file}: nothing fits its wishes. See roadstead plan ${file}`);
  const { stacks, problems } = buildArchitectures({
    ...made,
    candidateId: made.plan.chosen,
    stack: made.requirements.environment,
    previous: new Map(),
  });
  if (problems.length > 0) throw usage(problems.map((p) => p.message).join("\n"));
  return stacks.map((s) => s.architecture);
}

function recorded(stack: string, options: HostRenderOptions, io: Io): Architecture {
  // Said here it would be remembered nowhere, and the next set-up would look for the piers on the root disk.
  if (options.dataDevice !== undefined)
    throw usage(
      `--data-device: ${stack} is recorded, and takes the disk from there; accepted: existing.hosts[].dataDevice in the requirements, ` +
        `then roadstead plan FILE --stack ${stack} --write (--force where the host was recorded without)`,
    );
  const given = { set: options.set, prices: options.prices, rate: options.rate };
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && value.length > 0)
      throw usage(
        `--${name}: it changes a plan, and a recorded stack is not planned again; give the requirements file`,
      );
  const { file, text } = readStackFile(io, projectOf(io), stack);
  const { architecture, problems } = parseStackFile(file, text);
  refuseLocks(problems);
  if (architecture === null)
    throw usage(`${file}: no architecture is recorded. Record one with roadstead plan FILE --stack ${stack} --write`);
  return architecture;
}

/** Complete or not at all: a script without its administrator's key and network would lock them out. */
function textOf(
  host: LockedHost,
  architecture: Architecture,
  options: HostRenderOptions,
): { file: string; text: string } {
  const { HostRefused, renderHost } = renderers();
  const own = host.provider !== "aws" && host.provider !== "digitalocean";
  if (options.dataDevice !== undefined && !own)
    throw usage(`--data-device: ${host.name} has a volume of its provider's; accepted: for own hosts only`);
  // A pier is looked for where it was put: one place says where that is.
  if (options.dataDevice !== undefined && host.dataDevice !== undefined && options.dataDevice !== host.dataDevice)
    throw usage(
      `--data-device ${options.dataDevice}: ${host.name} is recorded with ${host.dataDevice}; accepted: that, or the option left out`,
    );
  try {
    const { script, userData } = renderHost(host, architecture, { dataDevice: options.dataDevice });
    return options.script || own ? { file: "script.sh", text: script } : { file: "user-data", text: userData };
  } catch (error) {
    if (error instanceof HostRefused) throw usage(`${error.message}\nNothing was rendered`);
    throw error;
  }
}
