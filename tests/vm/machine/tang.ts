// A tang server outside of the host: Debian's own, from the cached root, answering in this test run's network.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TangServer } from "../../../components/host/render";
import { OUTSIDE } from "../../host/downloads";

/** Set by run.mjs, which builds it. */
const ROOT = process.env["ROADSTEAD_HOST_ROOT"] ?? "";

export class Tang {
  private process: ChildProcess | undefined;
  private readonly root = mkdtempSync(join(tmpdir(), "roadstead-tang-"));

  constructor(private readonly port: number) {
    const at = join(this.root, "mounted");
    mkdirSync(at);
    // In the mount namespace of this run, which ends with it.
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", this.root]);
    for (const dir of ["mounted", "upper", "work"]) mkdirSync(join(this.root, dir));
    const layers = `lowerdir=${ROOT}/installed:${ROOT}/base,upperdir=${this.root}/upper,workdir=${this.root}/work`;
    execFileSync("mount", ["-t", "overlay", "overlay", "-o", layers, at]);
    execFileSync("chroot", [at, "/usr/libexec/tangd-keygen", "/mnt"]);
  }

  get server(): TangServer {
    const shown = execFileSync(
      "chroot",
      [join(this.root, "mounted"), "sh", "-c", "jose jwk thp -a S256 -i $(grep -l verify /mnt/*.jwk)"],
      { encoding: "utf8" },
    );
    return { url: `http://${OUTSIDE.downloads}:${this.port}`, thumbprint: shown.trim() };
  }

  start(): void {
    this.process = spawn(
      "setpriv",
      [
        "--pdeathsig",
        "KILL",
        "chroot",
        join(this.root, "mounted"),
        "/usr/libexec/tangd",
        "-l",
        "-p",
        String(this.port),
        "/mnt",
      ],
      { stdio: "ignore" },
    );
  }

  stop(): void {
    this.process?.kill("SIGKILL");
  }
}
