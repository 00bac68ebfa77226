// One host as a provider gives it: a disk with Debian and its own kernel, a volume, a network card, user-data. It ends with
// the test run, however that ends. The test run itself is the world outside (see run.mjs).
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { INSIDE, OUTSIDE } from "../../host/downloads";
import { administrator, CARD, world, type World } from "./world";

/** Set by run.mjs, which makes them. */
const IMAGE = process.env["ROADSTEAD_VM_IMAGE"] ?? "";
const ACCEL = process.env["ROADSTEAD_VM_ACCEL"] ?? "tcg";

/** A boot takes a second with hardware, a minute or two emulated on an idle machine, and machines are shared. */
const BOOT_LIMIT_S = 1200;
const MEMORY_MIB = 1536;

export interface Done {
  code: number | null;
  out: string;
  err: string;
}

/** A volume at the provider: outlives every host it is attached to. */
export interface Volume {
  /** As DigitalOcean shows it to the host. */
  name: string;
  file: string;
  /** As EC2 shows it instead: an NVMe disk. */
  nvme?: boolean;
}

const progress = (text: string): void => void process.stderr.write(`  ${clock()} ${text}\n`);
const began = Date.now();
const clock = (): string => `${Math.round((Date.now() - began) / 1000)} s`.padStart(7);

/** Everything of this run; what a run that was killed has left goes first. */
const PREFIX = "roadstead-vm-";
for (const name of readdirSync(tmpdir()))
  if (name.startsWith(PREFIX) && !existsSync(`/proc/${name.slice(PREFIX.length).split("-")[0]}`))
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
export const scratch = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
/** The administrator's public key. */
export const publicKey = administrator(scratch);
const running = new Set<Vm>();
let outside: World | undefined;

/** For afterAll: ends every machine and removes every disk. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((vm) => vm.kill()));
  outside?.close();
  rmSync(scratch, { recursive: true, force: true });
}

/** A new volume, blank as a provider makes it, with room for a first boot. */
export function blankVolume(name: string, bytes = 5 * 2 ** 29): Volume {
  const file = join(scratch, `volume-${name}-${Date.now()}`);
  writeFileSync(file, "");
  execFileSync("truncate", ["-s", String(bytes), file]);
  return { name, file };
}

/** Puts somebody's data on a volume. */
export function write(volume: Volume, text: string, at: number): void {
  const file = openSync(volume.file, "r+");
  writeSync(file, text, at);
  closeSync(file);
}

export class Vm {
  private qemu: ChildProcess | undefined;
  private connection: ChildProcess | undefined;
  private readonly disk: string;
  private readonly seed: string;
  private readonly serial: string;
  private readonly qmp: string;

  /** A fresh host with this user-data; it does not run yet. */
  constructor(
    private readonly name: string,
    userData: string,
  ) {
    if (!IMAGE) throw new Error("run these tests with npm run test:vm: it makes the disk they need");
    const at = (what: string) => join(scratch, `${name}.${what}`);
    [this.disk, this.seed, this.serial, this.qmp] = [at("disk"), at("seed"), at("serial"), at("qmp")];
    execFileSync("cp", ["--sparse=always", join(IMAGE, "disk.img"), this.disk]);
    const from = mkdtempSync(join(scratch, "seed-"));
    writeFileSync(join(from, "user-data"), userData);
    writeFileSync(join(from, "meta-data"), `instance-id: ${name}\n`);
    writeFileSync(join(from, "network-config"), NETWORK);
    execFileSync("genisoimage", ["-quiet", "-J", "-r", "-V", "cidata", "-o", this.seed, from]);
  }

  /** Boots, and waits until the administrator can log in. */
  async boot(volumes: Volume[]): Promise<void> {
    outside ??= await world(scratch);
    const log = openSync(this.serial, "w");
    const began = Date.now();
    this.qemu = spawn(
      "setpriv",
      [
        "--pdeathsig",
        "KILL",
        "qemu-system-x86_64",
        ...this.hardware(),
        ...volumes.flatMap((v) => [...drive(v), "-device", device(v).join(",")]),
      ],
      { stdio: ["ignore", log, log] },
    );
    closeSync(log);
    running.add(this);
    this.qemu.once("exit", () => running.delete(this));
    await this.until("a login", "true", BOOT_LIMIT_S);
    // The key exchange is work for an emulated processor: one connection serves every later command.
    this.connection = spawn(
      "setpriv",
      ["--pdeathsig", "KILL", "ssh", "-M", "-N", ...outside.ssh, `keeper@${INSIDE.v4}`],
      {
        stdio: "ignore",
      },
    );
    this.qemu.once("exit", () => this.connection?.kill("SIGKILL"));
    progress(`${this.name}: up after ${Math.round((Date.now() - began) / 1000)} s`);
  }

  private hardware(): string[] {
    return [
      ...(ACCEL === "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,thread=multi", "-cpu", "max"]),
      ...["-m", String(MEMORY_MIB), "-smp", "2", "-nographic", "-no-reboot", "-monitor", "none", "-serial", "stdio"],
      ...["-kernel", join(IMAGE, "vmlinuz"), "-initrd", join(IMAGE, "initrd")],
      // The timer check fails by itself when the emulator is kept waiting; a panic ends the machine.
      ...["-append", "root=/dev/vda rw console=ttyS0 mitigations=off no_timer_check panic=-1"],
      ...["-drive", `file=${this.disk},if=virtio,format=raw,cache=unsafe`],
      ...["-drive", `file=${this.seed},media=cdrom,readonly=on`],
      ...["-netdev", `tap,id=net,ifname=${CARD.name},script=no,downscript=no`],
      ...["-device", `virtio-net-pci,netdev=net,mac=${CARD.mac}`],
      ...["-device", "virtio-scsi-pci,id=scsi", "-device", "virtio-rng-pci"],
      ...["-qmp", `unix:${this.qmp},server=on,wait=off`],
    ];
  }

  /** As an administrator does it: over SSH, by key, with sudo. */
  async sh(script: string, options: { input?: string; limit?: number } = {}): Promise<Done> {
    const child = spawn("ssh", [...outside!.ssh, `keeper@${INSIDE.v4}`, "sudo", "-n", "sh", "-c", quoted(script)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    const done: Done = { code: null, out: "", err: "" };
    child.stdout.on("data", (d: Buffer) => (done.out += d.toString()));
    child.stderr.on("data", (d: Buffer) => (done.err += d.toString()));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    const limit = setTimeout(() => child.kill("SIGKILL"), (options.limit ?? 300) * 1000);
    done.code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    clearTimeout(limit);
    return done;
  }

  /** What a command prints; it must succeed. */
  async get(script: string, options: { input?: string; limit?: number } = {}): Promise<string> {
    const done = await this.sh(script, options);
    if (done.code !== 0) throw new Error(`${script}: ${done.code}\n${done.out}${done.err}`);
    return done.out.trimEnd();
  }

  async until(what: string, script: string, limitSeconds = 900): Promise<void> {
    const began = Date.now();
    let told = began;
    for (;;) {
      if (!this.qemu || this.qemu.exitCode !== null || this.qemu.signalCode !== null)
        throw new Error(`${this.name} ended before ${what}:\n${this.console()}`);
      const done = await this.sh(script, { limit: 120 });
      if (done.code === 0) return;
      if (Date.now() - began > limitSeconds * 1000)
        throw new Error(`${what}: not after ${limitSeconds} s\n${done.err}${await this.journal()}${this.console()}`);
      if (Date.now() - told > 30_000) {
        told = Date.now();
        progress(`${this.name}: waiting for ${what}; ${this.console(1).trim()}`);
      }
      await sleep(2000);
    }
  }

  /** The end of the log, for whoever reads a failure. */
  journal = async (): Promise<string> =>
    (
      await this.sh(
        "systemctl list-jobs --no-pager; systemctl --failed --no-pager; journalctl -b --no-pager -o short-monotonic -u 'roadstead*' | tail -n 40; journalctl -b --no-pager -p warning | tail -n 30",
        { limit: 120 },
      )
    ).out;

  /** What the console showed last. */
  console = (lines = 25): string => readFileSync(this.serial, "utf8").trimEnd().split("\n").slice(-lines).join("\n");

  /** What the console showed since the last boot. */
  consoleAll = (): string => readFileSync(this.serial, "utf8");

  /** Asks the system to power off, and waits until it has: gives the seconds it took. */
  async powerOff(limitSeconds = 900): Promise<number> {
    const began = Date.now();
    void this.sh("systemctl poweroff", { limit: 60 });
    while (this.qemu!.exitCode === null && this.qemu!.signalCode === null) {
      if (Date.now() - began > limitSeconds * 1000)
        throw new Error(`${this.name} did not power off in ${limitSeconds} s:\n${this.console(60)}`);
      await sleep(500);
    }
    outside!.forget();
    const seconds = (Date.now() - began) / 1000;
    progress(`${this.name}: off after ${Math.round(seconds)} s`);
    return seconds;
  }

  async kill(): Promise<void> {
    if (!this.qemu || this.qemu.exitCode !== null || this.qemu.signalCode !== null) return;
    const ended = new Promise((resolve) => this.qemu!.once("exit", resolve));
    this.qemu.kill("SIGKILL");
    await ended;
    outside?.forget();
  }

  /** Attaches a volume to the running host, as a provider does. */
  async attach(volume: Volume): Promise<void> {
    await this.ask({
      execute: "blockdev-add",
      arguments: { driver: "raw", "node-name": node(volume), file: { driver: "file", filename: volume.file } },
    });
    await this.ask({
      execute: "device_add",
      arguments: Object.fromEntries(device(volume).map((p, i) => (i === 0 ? ["driver", p] : split(p)))),
    });
  }

  async detach(volume: Volume): Promise<void> {
    await this.ask({ execute: "device_del", arguments: { id: volume.name } });
    await this.until(`${volume.name} to be gone`, `[ ! -e ${devicePath(volume)} ]`, 120);
    for (let tries = 0; ; tries++) {
      try {
        return await this.ask({ execute: "blockdev-del", arguments: { "node-name": node(volume) } });
      } catch (error) {
        if (tries > 20) throw error;
        await sleep(500);
      }
    }
  }

  private async ask(command: Record<string, unknown>): Promise<void> {
    const socket: Socket = connect(this.qmp);
    const lines = replies(socket);
    try {
      await lines.next();
      for (const c of [{ execute: "qmp_capabilities" }, command]) {
        socket.write(JSON.stringify(c) + "\n");
        for (;;) {
          const reply = (await lines.next()).value as { error?: { desc: string }; return?: unknown } | undefined;
          if (!reply) throw new Error("qemu closed its control socket");
          if (reply.error) throw new Error(`${JSON.stringify(c)}: ${reply.error.desc}`);
          if ("return" in reply) break;
        }
      }
    } finally {
      socket.destroy();
    }
  }

  /** Every byte of its disk; only while it is off. */
  holds(texts: string[]): string[] {
    return holds(this.disk, texts);
  }
}

/** Which of these texts a file holds, wherever in it. */
export function holds(file: string, texts: string[]): string[] {
  const found = new Set<string>();
  const overlap = Math.max(...texts.map((t) => t.length));
  const [buffer, nothing] = [Buffer.alloc(2 ** 24), Buffer.alloc(2 ** 24)];
  const handle = openSync(file, "r");
  for (let at = 0, read = 0; (read = readSync(handle, buffer, 0, buffer.length, at)) > 0; at += read - overlap) {
    const piece = buffer.subarray(0, read);
    // Most of a disk was never written.
    if (!piece.equals(nothing.subarray(0, read))) for (const text of texts) if (piece.includes(text)) found.add(text);
    if (read <= overlap) break;
  }
  closeSync(handle);
  return texts.filter((t) => found.has(t));
}

export const sum = (volume: Volume, mib?: number): string =>
  execFileSync("sh", ["-c", `${mib ? `head -c ${mib * 2 ** 20}` : "cat"} ${volume.file} | sha256sum`], {
    encoding: "utf8",
  }).slice(0, 64);

/** Where udev puts it, from what the device says of itself. */
export const devicePath = (volume: Volume): string => `/dev/disk/by-id/scsi-0DO_Volume_${volume.name}`;
const node = (volume: Volume): string => `node-${volume.name}`;
const drive = (volume: Volume): string[] => [
  "-blockdev",
  `driver=raw,node-name=${node(volume)},file.driver=file,file.filename=${volume.file}`,
];
const device = (volume: Volume): string[] => {
  const common = [`drive=${node(volume)}`, `id=${volume.name}`];
  return volume.nvme
    ? ["nvme", ...common, `serial=vol0${volume.name}`]
    : ["scsi-hd", ...common, "vendor=DO", "product=Volume", `device_id=${volume.name}`];
};
const split = (pair: string): [string, string] => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Addresses as DigitalOcean gives them: fixed, by the provider's data. */
const NETWORK = `version: 2
ethernets:
  eth0:
    match: { macaddress: "${CARD.mac}" }
    set-name: eth0
    addresses: [${INSIDE.v4}/24, "${INSIDE.v6}/32"]
    gateway4: ${OUTSIDE.downloads}
`;

async function* replies(socket: Socket): AsyncGenerator<unknown> {
  let rest = "";
  for await (const data of socket) {
    rest += String(data);
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield JSON.parse(rest.slice(0, end));
      rest = rest.slice(end + 1);
    }
  }
}
