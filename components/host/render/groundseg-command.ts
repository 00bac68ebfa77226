// GroundSeg's settings on the host: its password before it ever listens, what became of them, and its ships' own end.
// What its files mean is read from its source, at the last version that could be read (docs/components/groundseg-host.md).
import { GROUNDSEG_BASE } from "./file";

/** The setup page and its socket; reached through an SSH tunnel only. Port 80 is left to Caddy. */
export const GROUNDSEG_UI_PORT = 8000;
export const GROUNDSEG_API_PORT = 3000;
/** Docker publishes netdata; a GroundSeg started with `dev` serves pprof; Hermes is its agent. */
const WATCHED = [80, GROUNDSEG_API_PORT, 6060, GROUNDSEG_UI_PORT, 19119, 19999];

/** Whoever reaches the page may try passwords, five at a time, and its hash is a plain SHA-512. */
export const LEAST_PASSWORD = 12;

/** In Python, which fail2ban brings: these files are JSON, and half of a JSON file is none. */
export const groundsegCommand = `#!/usr/bin/python3
"""Usage: groundseg password|ready|status|stop. The password is one line on standard input; no other argument is read."""
import base64, getpass, hashlib, json, os, re, secrets, signal, subprocess, sys, time

BASE = "${GROUNDSEG_BASE}"
HOME = BASE + "/groundseg"
SETTINGS = HOME + "/settings"
CONF = SETTINGS + "/system.json"


def say(text):
    print("roadstead: groundseg: " + text, file=sys.stderr)


def die(text, code=1):
    say(text)
    sys.exit(code)


def read(path):
    try:
        with open(path) as f:
            found = json.load(f)
        return found if isinstance(found, dict) else None
    except (OSError, ValueError):
        return None


def asks(*command):
    """What it ends with and prints; nothing of one that cannot be run or does not answer."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60)
        return done.returncode, done.stdout
    except (OSError, subprocess.SubprocessError):
        return None, ""


def run(*command):
    return asks(*command)[1]


def ready(conf):
    # Anything else, and GroundSeg would take a password from whoever comes first.
    return bool(conf and conf.get("pwHash")) and conf.get("setup") in (None, "", "complete")


def asked():
    if sys.stdin.isatty():
        text = getpass.getpass("New password of GroundSeg: ")
        if getpass.getpass("Again: ") != text:
            die("these were two different passwords: nothing was changed")
        return text
    given = sys.stdin.buffer.read(4097)
    try:
        return given.decode().removesuffix("\\n").removesuffix("\\r")
    except UnicodeDecodeError:
        die("the password is not text: nothing was changed")


def put(path, text, instead=False):
    new = f"{path}.roadstead.{os.getpid()}"
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        f.write(text)
        f.flush()
        os.fsync(f.fileno())
    try:
        # A link takes nobody's place.
        os.replace(new, path) if instead else os.link(new, path)
    finally:
        if not instead:
            os.unlink(new)


def password():
    if not os.path.ismount(BASE):
        die("its volume is not mounted: wait for the end of the set-up, or open the volume")
    there = os.path.lexists(CONF)
    if there and not ready(read(CONF)):
        subprocess.run(["systemctl", "stop", "groundseg"])
    conf = read(CONF) if there else {}
    if conf is None:
        die(CONF + " cannot be read: nothing was changed")
    if ready(conf):
        die("has its password already; none was read. It is changed on its page, under its settings", 77)
    text = asked()
    if len(text) < ${LEAST_PASSWORD} or len(text) > 1024:
        die("a password has ${LEAST_PASSWORD} to 1024 characters: nothing was changed")
    if not text.isprintable() or text != text.strip():
        die("a password is one line, without spaces around it: nothing was changed")
    made = read("/etc/roadstead/groundseg.json")
    salt = secrets.token_urlsafe(32)
    conf.update(made["settings"], salt=salt, pwHash=hashlib.sha512((salt + text).encode()).hexdigest(), setup="complete")
    os.makedirs(SETTINGS, exist_ok=True)
    os.chmod(SETTINGS, 0o700)
    # It would make one itself, for all to read.
    if not os.path.lexists(SETTINGS + "/session.key"):
        put(SETTINGS + "/session.key", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    put(CONF, json.dumps(conf, indent=4), instead=there)
    if not os.access(HOME + "/groundseg", os.X_OK):
        return say("has its password, and starts when the set-up is done")
    if subprocess.run(["systemctl", "start", "groundseg"]).returncode:
        die("has its password, and did not start: journalctl -u groundseg")
    say("has its password and runs")


def veres():
    """The first process of each ship's runtime, by container; and whether Docker said all of it."""
    found, code, names = {}, *asks("docker", "ps", "--format", "{{.Names}}")
    sure = code == 0
    for name in names.split():
        # Of one that has ended meanwhile, the next look says so.
        code, table = asks("docker", "top", name, "-eo", "pid,ppid,comm")
        sure = sure and code == 0
        lines = [p.split(None, 2) for p in table.splitlines()[1:]]
        inside = {p[0] for p in lines if p[2].startswith("urbit")}
        first = [int(p[0]) for p in lines if p[0] in inside and p[1] not in inside]
        if first:
            found[name] = first
    return found, sure


def stop():
    # Their containers' first process hands no signal on, so Docker would kill them.
    # No answer is not "none runs": asked on until there is one, or the unit's time is over.
    asked, silent = set(), False
    while True:
        found, sure = veres()
        if sure and not found:
            return
        if not sure and not silent:
            say("Docker does not say which ships run: asking on")
        silent = not sure
        for name, pids in found.items():
            for pid in pids:
                if pid in asked:
                    continue
                asked.add(pid)
                say(name + " is asked to stop")
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass
        time.sleep(1)


def published(tables):
    ports, closed, other = [], False, 0
    for rule in run(tables, "-S", "DOCKER-USER").splitlines()[1:]:
        port = re.fullmatch(r"-A DOCKER-USER -p udp -m conntrack --ctorigdstport (\\d+) -j RETURN", rule)
        if rule == "-A DOCKER-USER -j DROP":
            closed = True
            break
        if port:
            ports.append(int(port[1]))
        elif not re.search(r" -i (docker0|br-\\+) | RELATED,ESTABLISHED ", rule):
            other += 1
    reached = "-A FORWARD -j DOCKER-USER" in run(tables, "-S", "FORWARD").splitlines()
    return {"closed": closed, "udp": ports, "other": other, "reached": reached}


def status():
    made = read("/etc/roadstead/groundseg.json") or {}
    conf = read(CONF) or {}
    given = {}
    for pier in conf.get("piers") or []:
        if isinstance(pier, str) and re.fullmatch("[a-z-]{3,60}", pier):
            ship = read(f"{SETTINGS}/pier/{pier}.json") or {}
            given[pier] = {"http": ship.get("http_port"), "ames": ship.get("ames_port"), "network": ship.get("network"), "boot": ship.get("boot_status")}
    recorded = made.get("ships", [])
    try:
        with open(HOME + "/groundseg", "rb") as f:
            sum = hashlib.sha256(f.read()).hexdigest()
    except OSError:
        sum = None
    sockets = [s.split()[3].rsplit(":", 1) for s in run("ss", "-Hltn").splitlines()]
    watched = {*${JSON.stringify(WATCHED)}, *(s["http"] for s in recorded)}
    mode = lambda path: oct(os.stat(path).st_mode & 0o777)[2:] if os.path.exists(path) else None
    print(json.dumps({
        "volume": os.path.ismount(BASE),
        "dockerData": os.path.realpath("/var/lib/docker") == BASE + "/docker",
        "settings": {"there": os.path.exists(CONF), "ready": ready(conf), "setup": conf.get("setup"), "mode": mode(SETTINGS), "sessionKeyMode": mode(SETTINGS + "/session.key")},
        "unit": run("systemctl", "is-active", "groundseg").strip(),
        "version": {"pinned": made.get("version"), "said": conf.get("gsVersion"), "checksumIsPinned": sum and sum == made.get("sha256"), "updateMode": conf.get("updateMode")},
        "listening": sorted(({"port": int(p), "address": a} for a, p in sockets if int(p) in watched), key=lambda s: (s["port"], s["address"])),
        "ships": [{**s, "given": given.get(s["id"])} for s in recorded],
        "otherShips": sorted(set(given) - {s["id"] for s in recorded}),
        "dockerUser": {"ipv4": published("iptables"), "ipv6": published("ip6tables"), "expected": made.get("udp")},
        "swap": {"setting": conf.get("swapVal"), "ownFile": os.path.exists(HOME + "/swapfile"), "active": [s.split()[0] for s in open("/proc/swaps")][1:]},
        "startram": {"registered": bool(conf.get("wgRegistered")), "on": bool(conf.get("wgOn"))},
    }))


os.umask(0o077)
if os.geteuid():
    die("must run as root")
commands = {f.__name__: f for f in (password, status, stop)}
commands["ready"] = lambda: sys.exit(not ready(read(CONF)))
if len(sys.argv) != 2 or sys.argv[1] not in commands:
    die(__doc__, 2)
commands[sys.argv[1]]()
`;
