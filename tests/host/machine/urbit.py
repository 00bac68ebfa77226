#!/usr/bin/python3
"""A stub of vere: as much of its command line, its pier and its refusals as the host's scripts depend on.
/opt/test/behaviour says how it misbehaves, one word."""
import glob, http.server, os, signal, socket, sys, threading, time

args = sys.argv[1:]
try:
    behaviour = open("/opt/test/behaviour").read().strip()
except OSError:
    behaviour = ""
pier = args[-1]
# Where it is says which release it is.
folder = os.path.basename(os.path.dirname(os.path.realpath(__file__)))
version = folder if folder[0].isdigit() else "4.6"
if args == ["-R"]:
    print("urbit " + version)
    sys.exit(0)


def say(text):
    sys.stderr.write(text + "\r\n")
    sys.stderr.flush()


def option(name, default=None):
    return args[args.index(name) + 1] if name in args else default


event_file = os.path.join(pier, ".urb", "event")
event = lambda: int(open(event_file).read())


def put_event(n):
    with open(event_file, "w") as f:
        f.write(str(n))


def spy():  # what somebody who has taken it over would try
    if behaviour == "spy":
        os.system("sh /opt/test/spy >>%s/.urb/spied" % pier)


if args[0] == "info":
    if behaviour == "no-info" or not os.path.exists(event_file):
        sys.exit(1)
    say("urbit: %s at event %d" % (pier, event()))
    say("  disk: live=&, event=%d" % event())
    sys.exit(0)

if args[0] in ("pack", "roll", "chop", "prep"):
    if os.path.exists(os.path.join(pier, ".vere.lock")):
        say("pier: locked")
        sys.exit(1)
    with open(os.path.join(pier, ".urb", "maintained"), "a") as f:
        f.write(args[0] + "\n")
    sys.exit(0)

if "-c" in args:
    if os.path.exists(pier):
        say("tried to create pier %s but it already exists" % pier)
        sys.exit(1)
    key = option("-k")
    if key is not None:
        with open(key) as f:  # readable for the ship's user, or it does not boot
            f.read()
        if behaviour == "bad-key":
            say("dawn: invalid private keys: " + open(key).read())
            sys.exit(1)
    if behaviour == "boot-fails":
        sys.exit(1)
    if behaviour == "mismatch":
        say("dawn: mismatch between -w sampel-palnet and -K ~zod")
        sys.exit(1)
    os.makedirs(os.path.join(pier, ".urb", "chk"))
    os.makedirs(os.path.join(pier, ".urb", "log", "0i0"))
    open(os.path.join(pier, ".urb", "log", "0i0", "vere.txt"), "w").write(version)
    put_event(42)
    open(os.path.join(pier, ".urb", "chk", "image.bin"), "w").write("x")
    spy()
    if behaviour == "boot-hangs":
        time.sleep(3600)
    sys.exit(0)

if "-w" in args or "-k" in args or "-F" in args:
    say("only makes sense when creating a new ship")
    sys.exit(1)
lock = os.path.join(pier, ".vere.lock")
open(lock, "w").write(str(os.getpid()))
spy()
if behaviour == "double-boot":
    say("boot: failed: double-boot detected, refusing to boot")
    os.remove(lock)
    sys.exit(1)
if behaviour == "from-future":
    say("mars: corrupt pier, snapshot (9) from future (log=7)")
    os.remove(lock)
    sys.exit(1)
if behaviour == "refuses":
    say("loom: stale snapshot, downgrade runtime to replay")
    os.remove(lock)
    sys.exit(1)

# A newer release starts an epoch of its own, and then no older one reads the pier.
epoch = os.path.join(pier, ".urb", "log", "0i0", "vere.txt")
wrote = open(epoch).read() if os.path.exists(epoch) else version
if wrote != version:
    if behaviour == "new-fails" or wrote > version:
        say("loom: checkpoint version mismatch")
        sys.exit(1)
    open(epoch, "w").write(version)
    if behaviour == "new-breaks":
        sys.exit(1)

# A worker process, like vere's: it must not be signalled by a stop.
worker = os.fork()
if worker == 0:
    def killed(*_):
        open(os.path.join(pier, ".urb", "worker-was-signalled"), "w").close()
        os._exit(1)
    signal.signal(signal.SIGTERM, killed)
    while True:
        time.sleep(3600)


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/~_~/healthz":
            self.send_response(204)
            self.end_headers()
            return
        body = ("ship " + os.path.basename(pier)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ames = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    ames.bind(("0.0.0.0", int(option("-p", "0"))))
except OSError:
    say("ames: port taken")


def answer():  # vere would not; who asks what the firewall lets through must hear something
    while True:
        data, who = ames.recvfrom(64)
        ames.sendto(data, who)


threading.Thread(target=answer, daemon=True).start()
server = http.server.ThreadingHTTPServer((option("-b", "0.0.0.0"), int(option("--http-port", "0"))), Health)
threading.Thread(target=server.serve_forever, daemon=True).start()


def stop(*_):
    # Longer than the ninety seconds that systemd gives by itself.
    time.sleep({"slow-stop": 3, "very-slow-stop": 100}.get(behaviour, 0.2))
    put_event(event() + 1)
    with open(os.path.join(pier, ".urb", "stopped-cleanly"), "a") as f:
        f.write("x")
    os.kill(worker, signal.SIGKILL)
    os.remove(lock)
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
say("pier: live")
while True:
    time.sleep(1)
    if behaviour == "crash":
        os.kill(worker, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGSEGV)
