// A stand-in provider: `node provider.cjs PACKAGE ENGINE` serves one package of the cloud in ROADSTEAD_CLOUD. It behaves as a
// provider does towards the engine; what it says about a cloud is only what types.cjs and replaces.json know.
const { readFileSync } = require("node:fs");
const { isDeepStrictEqual } = require("node:util");
const grpc = require("@grpc/grpc-js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const messages = require("@pulumi/pulumi/proto/provider_pb.js");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");
const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js");
const { endWithParent } = require("../engine/parent.cjs");
const { construct } = require("./chart.cjs");
const { ApiServer } = require("./api-server.cjs");
const { faults } = require("./faults.cjs");
const { importedAs } = require("./import-ids.cjs");
const { Cluster } = require("./cluster.cjs");
const { installDefinitions, isRelease } = require("./live-charts.cjs");
const { LiveCluster } = require("./live-cluster.cjs");
const { normalForm } = require("./normal-form.cjs");
const { runRemote } = require("./remote.cjs");
const REPLACES = require("./replaces.json");
const { asSecret, plain, SECRET } = require("./secrets.cjs");
const { AlreadyExists, Cloud, Refused } = require("./store.cjs");
const { computed, lookup, newId, takenName, withName } = require("./types.cjs");

/** Whether the API server answers for this resource: a Helm release is none of its objects. */
const isLive = (request) => live !== null && !isRelease(typeOf(request.getUrn()));

/** How the engine writes a value that is not known yet (@pulumi/pulumi, runtime/rpc.ts). */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const pkg = process.argv[2];
const cloud = new Cloud(process.env.ROADSTEAD_CLOUD);
const injected = faults(cloud, process.env.ROADSTEAD_FAULTS);
let cluster = null;
/** Where the kubeconfig leads to an API server on this machine, it keeps the objects; the cloud keeps the journal only. */
let live = null;
endWithParent(process.argv[3]);

const typeOf = (urn) => urn.split("::")[2].split("$").pop();
const nameOf = (urn) => urn.split("::").slice(3).join("::");
/** As the engine sends it: secrets in their wrappers, where the provider takes secrets. */
const raw = (struct) => struct?.toJavaScript() ?? {};
const read = (struct) => plain(raw(struct));
const at = (value, path) => path.split(".").reduce((v, key) => v?.[key], value);

/** Objects of a cluster are that cluster's; everything else belongs to the one account. */
const scope = () => (pkg === "kubernetes" ? (cluster?.name ?? "unknown") : pkg);
const objectOf = (request, id) => ({ scope: scope(), type: typeOf(request.getUrn()), id, urn: request.getUrn() });

/** Secrets of a live object's state: what was one when it was given, and everything in a Secret. */
function liveSecrets(inputs) {
  const own = inputs.kind === "Secret" ? { ...inputs, data: SECRET, stringData: SECRET } : inputs;
  return { ...own, __inputs: own };
}
const liveState = (state, inputs) => Struct.fromJavaScript(asSecret(state, liveSecrets(inputs)));
const hasUnknown = (value) =>
  value === UNKNOWN || (value !== null && typeof value === "object" && Object.values(value).some(hasUnknown));
/** A test's own API server for the cluster that a stand-in cloud has made. */
const madeHere = () => process.env.ROADSTEAD_API_SERVER && readFileSync(process.env.ROADSTEAD_API_SERVER, "utf8");
const isUnder = (path, rule) => path === rule || path.startsWith(`${rule}.`) || path.startsWith(`${rule}[`);

const replacing = (type) => [
  ...(REPLACES[type]?.replaces ?? []),
  ...(pkg === "kubernetes" ? REPLACES["kubernetes:*"].replaces : []),
];

function liveDifferences(request) {
  const after = read(request.getNews());
  const ignored = request.getIgnorechangesList();
  const { known, paths } = live.differences(read(request.getOlds()), after);
  const changed = paths.filter((path) => !ignored.some((rule) => isUnder(path, rule)));
  const rules = replacing(typeOf(request.getUrn()));
  const { name, namespace } = known.metadata ?? {};
  return {
    changed,
    replaces: changed.filter((path) => rules.some((rule) => isUnder(path, rule))),
    fixedName: name === after.metadata?.name && namespace === after.metadata?.namespace,
  };
}

/** Without earlier outputs a provider takes the id for an import id, as the bridge does: some types have others for that. */
function findOrImport(type, id, known) {
  if (pkg === "kubernetes" || Object.keys(known).length > 0) return cloud.find(scope(), type, id);
  return importedAs(cloud.all(), scope(), type, id);
}

function differences(type, before, after) {
  const paths = replacing(type);
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !key.startsWith("__") && !isDeepStrictEqual(before[key], after[key]),
  );
  const replaces = paths.filter((path) => !isDeepStrictEqual(at(before, path), at(after, path)));
  return {
    changed,
    replaces,
    fixedName: takenName("", type, before) !== null && takenName("", type, before) === takenName("", type, after),
  };
}

const gibibytes = (size) => Number.parseFloat(String(size));

function refuseShrinking(type, before, after) {
  const path = REPLACES[type]?.grows;
  if (path && gibibytes(at(after, path)) < gibibytes(at(before, path)))
    throw new Refused(`${type}: ${path} can only grow: ${at(before, path)} to ${at(after, path)}`);
}

const methods = {
  getPluginInfo: () => {
    const info = new PluginInfo();
    info.setVersion(require(`@pulumi/${pkg}/package.json`).version);
    return info;
  },
  getSchema: () => {
    const response = new messages.GetSchemaResponse();
    response.setSchema("{}");
    return response;
  },
  checkConfig: (request) => checked(read(request.getNews())),
  diffConfig: (request) => {
    const before = read(request.getOlds());
    const after = read(request.getNews());
    const response = new messages.DiffResponse();
    const changed = Object.keys({ ...before, ...after }).filter((k) => !isDeepStrictEqual(before[k], after[k]));
    response.setChanges(
      changed.length ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE,
    );
    // @pulumi/kubernetes provider.d.ts: with clusterIdentifier, only its change replaces the provider.
    response.setReplacesList(pkg === "kubernetes" ? changed.filter((k) => k === "clusterIdentifier") : []);
    return response;
  },
  configure: (request) => {
    if (pkg === "kubernetes") {
      const { kubeconfig } = read(request.getArgs());
      cluster = new Cluster(cloud, kubeconfig);
      const api = hasUnknown(kubeconfig) ? null : (ApiServer.at(kubeconfig) ?? ApiServer.at(madeHere()));
      live = api && new LiveCluster(api, cloud);
    }
    const response = new messages.ConfigureResponse();
    response.setSupportspreview(true);
    // The engine refuses components of a provider that does not; the other providers get values in the clear.
    response.setAcceptsecrets(pkg === "kubernetes");
    response.setAcceptresources(false);
    return response;
  },
  check: (request) => {
    const type = typeOf(request.getUrn());
    const named = withName(type, nameOf(request.getUrn()), raw(request.getNews()), raw(request.getOlds()));
    return checked(isLive(request) ? normalForm(named) : named);
  },
  diff: (request) => {
    const type = typeOf(request.getUrn());
    const { changed, replaces, fixedName } = isLive(request)
      ? liveDifferences(request)
      : differences(type, read(request.getOldInputs()), read(request.getNews()));
    const response = new messages.DiffResponse();
    response.setChanges(
      changed.length ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE,
    );
    response.setDiffsList(changed);
    response.setReplacesList(replaces);
    response.setDeletebeforereplace(replaces.length > 0 && fixedName);
    return response;
  },
  create: async (request) => {
    const type = typeOf(request.getUrn());
    const inputs = read(request.getProperties());
    const response = new messages.CreateResponse();
    if (isLive(request)) {
      const given = raw(request.getProperties());
      if (request.getPreview()) {
        const seen = hasUnknown(inputs) ? inputs : await live.previewCreate(inputs);
        response.setProperties(liveState(seen, given));
        return response;
      }
      const made = await injected("create", type, () => live.create(objectOf(request), inputs));
      response.setId(made.id);
      response.setProperties(liveState(made.state, given));
      return response;
    }
    if (request.getPreview()) {
      const unknown = Object.fromEntries(Object.keys(computed(type, inputs, "id")).map((key) => [key, UNKNOWN]));
      response.setProperties(Struct.fromJavaScript({ ...raw(request.getProperties()), ...unknown }));
      return response;
    }
    if (live) await installDefinitions(live.api, inputs);
    const made = await injected("create", type, () => {
      cluster?.admit(type, inputs);
      const id = newId(type, inputs);
      const said = pkg === "command" ? runRemote(cloud, request.getUrn(), inputs, inputs.create) : {};
      const outs = { ...inputs, ...computed(type, inputs, id), ...said };
      return cloud.create(
        { scope: scope(), type, id, urn: request.getUrn(), inputs, outs },
        takenName(scope(), type, inputs),
      );
    });
    response.setId(made.id);
    response.setProperties(Struct.fromJavaScript(asSecret(made.outs, raw(request.getProperties()))));
    return response;
  },
  read: async (request) => {
    if (isLive(request)) return readLive(request);
    const found = findOrImport(typeOf(request.getUrn()), request.getId(), read(request.getProperties()));
    const response = new messages.ReadResponse();
    if (found === null) return response;
    response.setId(found.id);
    // An import knows no earlier state; what is in a Secret is a secret all the same.
    const known = (struct) => (found.type.endsWith(":Secret") ? { stringData: SECRET, data: SECRET } : raw(struct));
    response.setProperties(Struct.fromJavaScript(asSecret(found.outs, known(request.getProperties()))));
    response.setInputs(Struct.fromJavaScript(asSecret(found.inputs, known(request.getInputs()))));
    return response;
  },
  update: async (request) => {
    const type = typeOf(request.getUrn());
    const inputs = read(request.getNews());
    const before = read(request.getOldInputs());
    const response = new messages.UpdateResponse();
    if (isLive(request)) {
      const preview = request.getPreview();
      const given = raw(request.getNews());
      const ignoreChanges = request.getIgnorechangesList();
      const apply = () =>
        live.update(objectOf(request, request.getId()), read(request.getOlds()), inputs, { preview, ignoreChanges });
      const state = !preview ? await injected("update", type, apply) : hasUnknown(inputs) ? inputs : await apply();
      response.setProperties(liveState(state, given));
      return response;
    }
    const old = read(request.getOlds());
    const kept = Object.fromEntries(Object.entries(old).filter(([key]) => !(key in before)));
    const outs = { ...kept, ...inputs };
    if (!request.getPreview())
      await injected("update", type, () => {
        refuseShrinking(type, before, inputs);
        if (pkg === "command")
          Object.assign(outs, runRemote(cloud, request.getUrn(), inputs, inputs.update ?? inputs.create));
        cloud.update({ scope: scope(), type, id: request.getId(), urn: request.getUrn(), inputs, outs });
      });
    response.setProperties(Struct.fromJavaScript(asSecret(outs, raw(request.getNews()))));
    return response;
  },
  delete: async (request) => {
    const type = typeOf(request.getUrn());
    if (isLive(request)) {
      const object = objectOf(request, request.getId());
      await injected("delete", type, () => live.remove(object, read(request.getProperties())));
      return new Empty();
    }
    const found = cloud.find(scope(), type, request.getId());
    if (found === null) return new Empty();
    await injected("delete", type, () => {
      refuseWhileUsed(found);
      if (found.inputs.delete && pkg === "command") runRemote(cloud, found.urn, found.inputs, found.inputs.delete);
      cloud.remove(found, takenName(scope(), type, found.inputs));
      cluster?.cascade(found);
      release(found);
    });
    return new Empty();
  },
  invoke: (request) => {
    const response = new messages.InvokeResponse();
    response.setReturn(Struct.fromJavaScript(lookup(request.getTok(), read(request.getArgs()))));
    return response;
  },
  construct,
  cancel: () => new Empty(),
  attach: () => new Empty(),
};

async function readLive(request) {
  const response = new messages.ReadResponse();
  const [state, inputs] = [read(request.getProperties()), raw(request.getInputs())];
  // An import, or a look at what is somebody else's, knows neither.
  const managed = Object.keys(inputs).length > 0;
  const type = typeOf(request.getUrn());
  const found = await live.read(type, request.getId(), managed ? state : null, managed ? plain(inputs) : null);
  if (found === null) return response;
  response.setId(request.getId());
  const like = managed ? inputs : { kind: found.inputs.kind };
  response.setProperties(liveState(found.state, like));
  response.setInputs(Struct.fromJavaScript(asSecret(found.inputs, liveSecrets(like).__inputs)));
  return response;
}

/** As EC2 and EKS answer DependencyViolation and ResourceInUse: what others stand on does not go first. */
const STOOD_ON = /^aws:(ec2\/(vpc|subnet|securityGroup|networkInterface|internetGateway|natGateway):|eks\/cluster:)/;

function refuseWhileUsed(object) {
  if (!STOOD_ON.test(object.type)) return;
  const user = cloud.all().find((o) => o.id !== object.id && o.scope === object.scope && uses(o, object));
  if (user) {
    cloud.note("refuse", object, { reason: `used by ${user.type} ${user.id}` });
    throw new Refused(`DependencyViolation: ${object.type} ${object.id} is used by ${user.type} ${user.id}`);
  }
}

/** As DigitalOcean does: the end of a droplet lets its volumes go. */
function release({ scope, type, id }) {
  if (type !== "digitalocean:index/droplet:Droplet") return;
  for (const o of cloud.all())
    if (o.type.endsWith("/volumeAttachment:VolumeAttachment") && o.scope === scope && String(o.inputs.dropletId) === id)
      cloud.remove(o, takenName(scope, o.type, o.inputs), "release");
}

const uses = (other, { type, id }) =>
  type.startsWith("aws:eks/cluster:")
    ? other.inputs.clusterName === id
    : JSON.stringify(other.inputs).includes(`"${id}"`);

function checked(inputs) {
  const response = new messages.CheckResponse();
  response.setInputs(Struct.fromJavaScript(inputs));
  return response;
}

const refuse = (name) => () => Promise.reject(Object.assign(new Error(name), { code: grpc.status.UNIMPLEMENTED }));
const service = Object.fromEntries(
  Object.keys(ResourceProviderService).map((name) => {
    const method = methods[name] ?? refuse(name);
    return [
      name,
      async (call, answer) => {
        try {
          answer(null, await method(call.request));
        } catch (error) {
          const known = error instanceof AlreadyExists || error instanceof Refused;
          answer({
            code: error.code ?? (known ? grpc.status.FAILED_PRECONDITION : grpc.status.UNKNOWN),
            message: error.message,
          });
        }
      },
    ];
  }),
);

const server = new grpc.Server({ "grpc.max_receive_message_length": 400 << 20 });
server.addService(ResourceProviderService, service);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
