// `kubernetes:helm.sh/v4:Chart` is a component the Kubernetes provider makes. The stand-in renders no templates: one ConfigMap
// in the chart's namespace stands for all of the chart's objects, so that order, providers and namespaces still count.
const grpc = require("@grpc/grpc-js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const { ConstructResponse } = require("@pulumi/pulumi/proto/provider_pb.js");
const resources = require("@pulumi/pulumi/proto/resource_pb.js");
const { ResourceMonitorClient } = require("@pulumi/pulumi/proto/resource_grpc_pb.js");

const { plain } = require("./secrets.cjs");

const CHART = "kubernetes:helm.sh/v4:Chart";

async function construct(request) {
  if (request.getType() !== CHART) throw new Error(`the stand-in makes no component ${request.getType()}`);
  const monitor = new ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure());
  const call = (method, message) =>
    new Promise((resolve, reject) =>
      monitor[method](message, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
  try {
    const inputs = plain(request.getInputs()?.toJavaScript() ?? {});
    const component = new resources.RegisterResourceRequest();
    component.setType(CHART);
    component.setName(request.getName());
    component.setParent(request.getParent());
    component.setDependenciesList(request.getDependenciesList());
    component.setObject(Struct.fromJavaScript({}));
    for (const [name, provider] of request.getProvidersMap().entries()) component.getProvidersMap().set(name, provider);
    const urn = (await call("registerResource", component)).getUrn();

    const inside = new resources.RegisterResourceRequest();
    inside.setType("kubernetes:core/v1:ConfigMap");
    inside.setName(`${request.getName()}-chart`);
    inside.setParent(urn);
    inside.setCustom(true);
    inside.setProvider(request.getProvidersMap().get("kubernetes") ?? "");
    inside.setDependenciesList(request.getDependenciesList());
    inside.setObject(
      Struct.fromJavaScript({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `chart-${request.getName()}`, namespace: inputs.namespace ?? "default" },
        data: { chart: String(inputs.chart), version: String(inputs.version ?? "") },
      }),
    );
    await call("registerResource", inside);

    const outputs = new resources.RegisterResourceOutputsRequest();
    outputs.setUrn(urn);
    outputs.setOutputs(Struct.fromJavaScript({}));
    await call("registerResourceOutputs", outputs);

    const response = new ConstructResponse();
    response.setUrn(urn);
    response.setState(Struct.fromJavaScript({ resources: [] }));
    return response;
  } finally {
    monitor.close();
  }
}

module.exports = { construct };
