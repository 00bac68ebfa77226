// A tang server outside of the host: Debian's own, from the cached root, answering in this test run's network.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { TangServer } from "../../../components/host/render";
import { OUTSIDE } from "../../host/downloads";

/** Set by run.mjs, which builds it. */
const ROOT = process.env["ROADSTEAD_HOST_ROOT"] ?? "";

export class Tang {
  private listening: Server | undefined;
  private readonly open = new Set<Socket>();
  private readonly root: string;

  constructor(
    folder: string,
    private readonly port: number,
  ) {
    this.root = join(folder, "tang");
    const at = join(this.root, "mounted");
    mkdirSync(this.root);
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

  async start(): Promise<void> {
    this.listening = createServer((socket) => {
      this.open.add(socket);
      // One process a connection, as Debian's socket unit has it.
      const answer = spawn("chroot", [join(this.root, "mounted"), "/usr/libexec/tangd", "/mnt"], {
        stdio: ["pipe", "pipe", "ignore"],
      });
      for (const stream of [socket, answer.stdin]) stream.on("error", () => undefined);
      socket.pipe(answer.stdin);
      answer.stdout.pipe(socket);
      socket.once("close", () => {
        this.open.delete(socket);
        answer.kill();
      });
    });
    await new Promise<void>((resolve) => this.listening!.listen(this.port, OUTSIDE.downloads, resolve));
  }

  stop(): void {
    this.listening?.close();
    for (const socket of this.open) socket.destroy();
  }

  /** Ends it for good. */
  close(): void {
    this.stop();
    for (const at of [join(this.root, "mounted"), this.root]) execFileSync("umount", ["-l", at]);
  }
}
