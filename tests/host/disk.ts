// A second disk for a machine: a block device over a file of its own.
import type { File } from "./machine/machine";

export const DEVICE = "/dev/disk/by-id/test";

/** A loop device that frees itself when its holder ends, with the machine at the latest. */
const HOLD = `#!/usr/bin/python3
import fcntl, os, socket, struct, subprocess, time
subprocess.run(["truncate", "-s", "128M", "/opt/test/disk"], check=True)
if not os.path.exists("/dev/loop-control"): os.mknod("/dev/loop-control", 0o660 | 0o020000, os.makedev(10, 237))
control = os.open("/dev/loop-control", os.O_RDWR)
for _ in range(20):
    n = fcntl.ioctl(control, 0x4C82)
    if not os.path.exists("/dev/loop%d" % n): os.mknod("/dev/loop%d" % n, 0o660 | 0o060000, os.makedev(7, n))
    loop = os.open("/dev/loop%d" % n, os.O_RDWR)
    try:
        fcntl.ioctl(loop, 0x4C00, os.open("/opt/test/disk", os.O_RDWR))
        break
    except OSError: # somebody else was faster
        os.close(loop)
info = bytearray(fcntl.ioctl(loop, 0x4C05, bytes(232)))
info[52:56] = struct.pack("I", 4)
fcntl.ioctl(loop, 0x4C04, bytes(info))
os.makedirs("/dev/disk/by-id", exist_ok=True)
os.symlink("/dev/loop%d" % n, "${DEVICE}")
notify = os.environ.get("NOTIFY_SOCKET")
if notify: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", notify)
time.sleep(86400)
`;

export const disk: File[] = [
  { path: "/opt/test/disk-holder", mode: "0755", content: HOLD },
  {
    path: "/etc/systemd/system/test-disk.service",
    content: `[Unit]
DefaultDependencies=no
[Service]
Type=notify
NotifyAccess=all
ExecStart=/opt/test/disk-holder
`,
  },
  { path: "/etc/systemd/system/sysinit.target.d/test-disk.conf", content: "[Unit]\nWants=test-disk.service\n" },
];
