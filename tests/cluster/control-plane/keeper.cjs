// Holds one control plane: starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, and ends them
// when its standard input closes, however its owner went away. Talks in JSON lines on standard output.
//
//     node keeper.cjs DIR < {"programs": {...}, "ports": [...], "limitMs": ...}
const { generateKeyPairSync, randomBytes } = require("node:crypto");
const { spawn } = require("node:child_process");
const { closeSync, openSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { get } = require("node:https");
const { createServer } = require("node:net");
const { join } = require("node:path");
const { createInterface } = require("node:readline");
const { setTimeout } = require("node:timers");
const { notePid } = require("./runs.cjs");

const dir = process.argv[2];
notePid(dir, "keeper", process.pid);

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const BUSY = /address already in use/;

const children = new Map();
let ending = false;

function start(name, program, args) {
  const log = openSync(join(dir, `${name}.log`), "w");
  const child = spawn(program, args, { cwd: dir, stdio: ["ignore", log, log] });
  closeSync(log);
  child.on("error", (error) => fail(`${name} cannot be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    children.delete(name);
    if (!ending) fail(`${name} ended by itself (${signal ?? `exit code ${code}`})`, logOf(name));
  });
  if (child.pid === undefined) return;
  children.set(name, child);
  notePid(dir, name, child.pid);
}

function logOf(name) {
  try {
    return readFileSync(join(dir, `${name}.log`), "utf8");
  } catch {
    return "";
  }
}

async function fail(message, log = "") {
  if (ending) return;
  const tail = log.trim().split("\n").slice(-15).join("\n");
  say({ event: "failed", message: tail ? `${message}; its last lines:\n${tail}` : message, busy: BUSY.test(log) });
  await end(1);
}

async function end(code) {
  if (ending) return;
  ending = true;
  const all = [...children.values()];
  const gone = Promise.all(all.map((child) => new Promise((resolve) => child.once("exit", resolve))));
  // Not gently: an API server drains for seconds, and there is nothing to save.
  for (const child of all) child.kill("SIGKILL");
  await gone;
  if (code === 0) rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  say({ event: "ended" });
  process.exit(code);
}

/** Ports nobody listens on now. Somebody may take one before its program does: the owner then tries again. */
async function freePorts(count, wanted) {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((s) => new Promise((resolve) => s.listen(0, "127.0.0.1", resolve))));
  const ports = servers.map((s, i) => wanted[i] ?? s.address().port);
  await Promise.all(servers.map((s) => new Promise((resolve) => s.close(resolve))));
  return ports;
}

function ready(port, token) {
  return new Promise((resolve) => {
    const request = get(
      {
        host: "127.0.0.1",
        port,
        path: "/readyz",
        headers: { authorization: `Bearer ${token}` },
        ca: caOrNone(),
        timeout: 2_000,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.on("error", () => resolve(false));
    request.on("timeout", () => request.destroy());
  });
}

/** The API server writes its own certificate when it starts. */
function caOrNone() {
  try {
    return readFileSync(join(dir, "pki/apiserver.crt"));
  } catch {
    return undefined;
  }
}

async function startAll({ programs, ports: wanted = [], limitMs, stages }) {
  const began = Date.now();
  const left = () => limitMs - (Date.now() - began);
  const [client, peer, api] = await freePorts(3, wanted);
  const at = (port) => `http://127.0.0.1:${port}`;
  const token = randomBytes(24).toString("hex");
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(dir, "sa.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(join(dir, "sa.pub"), publicKey.export({ type: "spki", format: "pem" }));
  // kwok stands for the kubelets: what they may do to pods, nobody else may.
  const nodes = randomBytes(24).toString("hex");
  const users = [
    `${token},admin,admin,"system:masters"`,
    `${nodes},system:node:kwok,kwok,"system:nodes,system:masters"`,
  ];
  writeFileSync(join(dir, "tokens.csv"), `${users.join("\n")}\n`, { mode: 0o600 });
  writeFileSync(join(dir, "stages.yaml"), stages);

  start("etcd", programs.etcd, [
    `--data-dir=${join(dir, "etcd")}`,
    `--listen-client-urls=${at(client)}`,
    `--advertise-client-urls=${at(client)}`,
    `--listen-peer-urls=${at(peer)}`,
    `--initial-advertise-peer-urls=${at(peer)}`,
    `--initial-cluster=default=${at(peer)}`,
    // The data does not outlive the run.
    "--unsafe-no-fsync",
  ]);
  start("kube-apiserver", programs["kube-apiserver"], [
    `--etcd-servers=${at(client)}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${api}`,
    `--cert-dir=${join(dir, "pki")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(dir, "sa.pub")}`,
    `--service-account-signing-key-file=${join(dir, "sa.key")}`,
    "--service-cluster-ip-range=172.20.0.0/16",
    `--token-auth-file=${join(dir, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--allow-privileged=true",
  ]);
  while (!(await ready(api, token))) {
    if (ending) return;
    if (left() <= 0) return fail(`kube-apiserver was not ready within ${limitMs / 1000} s`, logOf("kube-apiserver"));
    await sleep(200);
  }
  const cluster = { server: `https://127.0.0.1:${api}`, "certificate-authority": join(dir, "pki/apiserver.crt") };
  const kubeconfigOf = (name, bearer) => {
    const file = join(dir, name === "admin" ? "kubeconfig" : `kubeconfig-${name}`);
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "local", cluster }],
      users: [{ name, user: { token: bearer } }],
      contexts: [{ name: "local", context: { cluster: "local", user: name } }],
      "current-context": "local",
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  };
  const kubeconfig = kubeconfigOf("admin", token);
  const fast = ["--kube-api-qps=500", "--kube-api-burst=1000"];
  start("kube-controller-manager", programs["kube-controller-manager"], [
    `--kubeconfig=${kubeconfig}`,
    `--service-account-private-key-file=${join(dir, "sa.key")}`,
    `--root-ca-file=${join(dir, "pki/apiserver.crt")}`,
    // As hosted control planes have it: each controller is known by its own account, which admission rules look at.
    "--use-service-account-credentials=true",
    "--leader-elect=false",
    "--secure-port=0",
    ...fast,
  ]);
  start("kube-scheduler", programs["kube-scheduler"], [
    `--kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    "--secure-port=0",
    ...fast,
  ]);
  start("kwok", programs.kwok, [
    `--kubeconfig=${kubeconfigOf("kwok", nodes)}`,
    "--manage-all-nodes=true",
    // Nodes that are not heard of for 40 seconds are taken for lost.
    "--node-lease-duration-seconds=40",
    `--config=${join(dir, "stages.yaml")}`,
  ]);
  // What every pod needs before it is admitted: the service account the controllers make.
  say({ event: "ready", port: api, token, ca: join(dir, "pki/apiserver.crt"), kubeconfig, ms: Date.now() - began });
}

process.on("SIGTERM", () => void end(0));
process.on("SIGINT", () => void end(0));
process.stdout.on("error", () => void end(0));
const input = createInterface({ input: process.stdin });
input.once("line", (line) => {
  startAll(JSON.parse(line)).catch((error) => fail(String(error?.stack ?? error)));
});
input.on("close", () => void end(0));
