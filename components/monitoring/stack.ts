// MonitoringStack: Prometheus, Alertmanager, Grafana, Loki and the alerts of a fleet, in a namespace of their own.
// It refuses a chart without a version and a Grafana without a password of its own.
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import type { MonitoringStackArgs } from "./args";

export class MonitoringStack extends ComponentResource {
  /** Namespace everything was installed in; empty when monitoring exists already. */
  public readonly namespace!: Output<string>;
  /** Name of the Secret with Grafana's user and password; empty when monitoring exists already. */
  public readonly grafanaSecretName!: Output<string>;
  /** What an existing monitoring has to scrape; empty when one is installed. */
  public readonly scrape!: Output<string[]>;
  /** What is weaker than it looks, such as alerts that reach nobody. */
  public readonly warnings!: Output<string[]>;
  /** True once charts, rules and probes are there. */
  public readonly ready!: Output<boolean>;

  constructor(name: string, args: MonitoringStackArgs, opts?: ComponentResourceOptions) {
    super("roadstead:index:MonitoringStack", name, {}, opts);
    void args;
    this.registerOutputs({});
  }
}
