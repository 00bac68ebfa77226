#!/usr/bin/python3
"""A stub of GroundSeg: what its source (goseg, as docs/components/groundseg-host.md names it) does with its settings, its ports,
its ships' volumes and containers. Its page is plain HTTP on port 3000. What it would do to the world it notes in `calls`."""
import base64, hashlib, http.server, json, os, random, socket, subprocess, sys, threading, time

HOME = os.environ.get("GS_BASE_PATH", "/opt/nativeplanet/groundseg")
CONF = HOME + "/settings/system.json"
KEY = HOME + "/settings/session.key"
lock = threading.RLock()


def note(text):
    with open("/opt/nativeplanet/calls", "a") as f:
        f.write(text + "\n")


def rand_string():
    return base64.urlsafe_b64encode(random.randbytes(32)).decode()


def docker(*args):
    return subprocess.run(["docker", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


# defaults.DockerData: one of two fixed places, and the root directory when there is neither.
docker_dir = next((d for d in ("/media/data/docker/volumes", "/var/lib/docker/volumes") if os.path.exists(d)), "") + "/"
defaults = {
    "setup": "start", "piers": [], "updateMode": "auto", "swapVal": 16, "swapFile": HOME + "/swapfile", "keyFile": KEY,
    "pwHash": "", "salt": "", "gsVersion": "v2.0.0", "wgOn": False, "wgRegistered": False, "endpointUrl": "api.startram.io",
}


def persist(conf):
    # A temporary file that takes the place of the old one; only fields that it knows.
    with open(os.open(CONF + ".1", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        json.dump({k: conf[k] for k in defaults}, f, indent=4)
    os.rename(CONF + ".1", CONF)


os.makedirs(HOME + "/settings/pier", exist_ok=True)
if not os.path.exists(CONF):
    with open(CONF, "w") as f:
        json.dump({**defaults, "salt": rand_string()}, f)
if not os.path.exists(KEY):
    with open(KEY, "w") as f:
        f.write(rand_string())
try:
    custom = json.load(open(CONF))
except ValueError:
    custom = {}
# mergeConfigs: what is empty or zero becomes the default, and without a password the setup begins.
conf = {k: custom.get(k) or v for k, v in defaults.items()}
if not custom.get("pwHash"):
    conf.update(setup="start", salt=rand_string())
elif not custom.get("setup"):
    conf["setup"] = "complete"
persist(conf)

ui = next((int(a.split("=", 1)[1]) for a in sys.argv[1:] if a.startswith("--http-port=")), 80)
note("groundseg " + " ".join(sys.argv[1:]))
if conf["swapVal"] < 0:
    print("Unable to set swap: Invalid value: %d" % conf["swapVal"], flush=True)
else:
    note("swap of %d GB at %s" % (conf["swapVal"], conf["swapFile"]))
if conf["updateMode"] == "auto":
    note("asks the version server, now and every hour, and replaces itself")


def start(pier):
    ship = json.load(open("%s/settings/pier/%s.json" % (HOME, pier)))
    script = os.path.join(docker_dir, pier, "_data", "start_urbit.sh")
    with open(script, "w") as f:
        # As GroundSeg's script: the runtime is its child, and no signal is handed on.
        f.write("#!/bin/busybox sh\n/urbit/urbit\n")
    docker("rm", "-f", pier)
    ports = ["-p", "0.0.0.0:%d:80" % ship["http_port"], "-p", "0.0.0.0:%d:%d/udp" % (ship["ames_port"], ship["ames_port"])]
    done = docker("run", "-d", "--name", pier, *ports, "-v", pier + ":/urbit", "box", "/bin/busybox", "sh", "/urbit/start_urbit.sh")
    if done.returncode:
        raise RuntimeError(done.stdout)


def lowest_free(first, used):
    return next(p for p in range(first, first + 1000) if p not in used)


def add(pier):
    ships = [json.load(open("%s/settings/pier/%s.json" % (HOME, p))) for p in conf["piers"]]
    ship = {
        "pier_name": pier, "network": "none", "boot_status": "boot",
        "http_port": lowest_free(8081, [s["http_port"] for s in ships]),
        "ames_port": lowest_free(34344, [s["ames_port"] for s in ships]),
    }
    with open("%s/settings/pier/%s.json" % (HOME, pier), "w") as f:
        json.dump(ship, f)
    conf["piers"] = [*conf["piers"], pier]
    persist(conf)
    docker("volume", "create", pier)
    with open(os.open(docker_dir + pier + "/_data/urbit", os.O_WRONLY | os.O_CREAT, 0o755), "w") as f:
        # As vere: a first process that saves and ends, and a worker that must not be signalled.
        f.write(
            "#!/bin/busybox sh\n"
            "( trap 'echo x >>/urbit/worker-was-signalled; exit 1' TERM; while :; do /bin/busybox sleep 1 & wait $!; done ) &\n"
            "worker=$!\n"
            "trap '/bin/busybox sleep 3; echo x >>/urbit/stopped-cleanly; kill -KILL $worker; exit 0' TERM\n"
            "while :; do /bin/busybox sleep 1 & wait $!; done\n"
        )
    start(pier)


def again():
    # Docker's `die` event: a ship that nobody stopped is started again after two seconds.
    while True:
        time.sleep(2)
        with lock:
            for pier in conf["piers"]:
                if docker("inspect", "-f", "{{.State.Running}}", pier).stdout.strip() == "false":
                    start(pier)


class Page(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        with lock:
            done = self.path != "/" and getattr(self, "post_" + self.path[1:])(text)
        self.send_response(200 if done else 403)
        self.end_headers()

    def post_login(self, text):
        return hashlib.sha512((conf["salt"] + text).encode()).hexdigest() == conf["pwHash"]

    def post_setup(self, text):
        # Until it is complete nobody is asked who they are.
        if conf["setup"] == "complete":
            return False
        conf.update(pwHash=hashlib.sha512((conf["salt"] + text).encode()).hexdigest(), setup="complete")
        persist(conf)
        return True

    def post_ship(self, text):
        if conf["setup"] != "complete":
            return False
        add(text)
        return True

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    # ":3000" in Go is every address of both families.
    address_family = socket.AF_INET6


for pier in conf["piers"]:
    start(pier)
threading.Thread(target=again, daemon=True).start()
threading.Thread(target=Server(("::", ui), Page).serve_forever, daemon=True).start()
Server(("::", 3000), Page).serve_forever()
