// What the engine asks of `pulumi-language-nodejs`, for these tests: the official host is not to be had as a Go module.
// Users have the official one. Started by the engine with its own address as the last argument; prints its port.
const { spawn } = require("node:child_process");
const grpc = require("@grpc/grpc-js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
const messages = require("@pulumi/pulumi/proto/language_pb.js");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb.js");
const { endWithParent } = require("./parent.cjs");

/** The program has said itself what was wrong (@pulumi/pulumi, cmd/run/run.ts). */
const ALREADY_SAID = 32;

const engine = process.argv.filter((a) => !a.startsWith("-")).pop();
const children = new Set();
endWithParent(engine, () => children.forEach((child) => child.kill("SIGKILL")));

function start(args, options) {
  const child = spawn(process.execPath, args, options);
  children.add(child);
  child.on("exit", () => children.delete(child));
  return child;
}

const ended = (child) =>
  new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });

const optionsOf = (info) => info?.getOptions()?.toJavaScript() ?? {};

async function run(call, answer) {
  const request = call.request;
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() || request.getPwd();
  const flag = (name, value) => (value ? [`--${name}`, String(value)] : []);
  const args = [
    require.resolve("@pulumi/pulumi/cmd/run"),
    ...flag("monitor", request.getMonitorAddress()),
    ...flag("engine", engine),
    ...flag("project", request.getProject()),
    ...flag("stack", request.getStack()),
    ...flag("organization", request.getOrganization()),
    ...flag("pwd", request.getPwd()),
    ...flag("root-directory", info?.getRootDirectory()),
    ...flag("parallel", request.getParallel()),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info?.getEntryPoint() || request.getProgram() || ".",
    ...request.getArgsList(),
  ];
  const config = Object.fromEntries([...request.getConfigMap().entries()]);
  const child = start(args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PULUMI_NODEJS_TYPESCRIPT: String(optionsOf(info).typescript ?? true),
      PULUMI_CONFIG: JSON.stringify(config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
  });
  // The engine reads this process's own output: stdout is for the port alone.
  child.stdout.pipe(process.stderr, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  const code = await ended(child);
  const response = new messages.RunResponse();
  if (code === ALREADY_SAID) response.setBail(true);
  else if (code !== 0) response.setError(`the program ended with exit code ${code}`);
  answer(null, response);
}

async function runPlugin(call) {
  const request = call.request;
  const folder = request.getInfo()?.getProgramDirectory() || request.getProgram();
  const analyzer = request.getKind() === "analyzer";
  const runner = require.resolve(`@pulumi/pulumi/cmd/${analyzer ? "run-policy-pack" : "run-plugin"}`);
  const given = request.getArgsList();
  const env = Object.fromEntries(
    request.getEnvList().map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  const child = start([runner, ...(analyzer ? [...given, folder] : [folder, ...given])], {
    cwd: analyzer ? folder : request.getPwd(),
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const send = (set) => {
    const response = new messages.RunPluginResponse();
    set(response);
    call.write(response);
  };
  child.stdout.on("data", (data) => send((r) => r.setStdout(data)));
  child.stderr.on("data", (data) => send((r) => r.setStderr(data)));
  call.on("cancelled", () => child.kill());
  const code = await ended(child);
  send((r) => r.setExitcode(code));
  call.end();
}

const answers = (Message, fill) => (_call, answer) => {
  const message = new Message();
  fill?.(message);
  answer(null, message);
};
const known = {
  run,
  runPlugin,
  handshake: answers(messages.LanguageHandshakeResponse),
  getPluginInfo: answers(PluginInfo, (info) => info.setVersion("0.0.1")),
  getRequiredPlugins: answers(messages.GetRequiredPluginsResponse),
  getRequiredPackages: answers(messages.GetRequiredPackagesResponse),
  getProgramDependencies: answers(messages.GetProgramDependenciesResponse),
  runtimeOptionsPrompts: answers(messages.RuntimeOptionsResponse),
  about: answers(messages.AboutResponse),
  installDependencies: (call) => call.end(),
  cancel: answers(Empty),
};
const refuse = (name) => (_call, answer) => answer?.({ code: grpc.status.UNIMPLEMENTED, message: name });
const service = Object.fromEntries(
  Object.keys(LanguageRuntimeService).map((name) => [name, known[name] ?? refuse(name)]),
);

const server = new grpc.Server({ "grpc.max_receive_message_length": 400 << 20 });
server.addService(LanguageRuntimeService, service);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
