// The program `pulumi up` runs. It applies the decision recorded in Pulumi.<stack>.yaml and never makes one.
import * as pulumi from "@pulumi/pulumi";
import { compose } from "./compose";
import { foreignKeys, type Lock, LockRefused, nameable, readLock, refusals } from "./lock";

const stack = pulumi.getStack();
const lock = recordedLock();
const { architecture, leftOut } = nameable(lock.architecture);
if (leftOut > 0)
  void pulumi.log.warn(`${leftOut} ships planned by count are left out until ships.named has their names and keys`);
refuseWhatIsMissing();
refuseForeignKeys();

export = compose(architecture, {
  requirementsDigest: lock.requirementsDigest,
  architectureDigest: lock.architectureDigest,
  allowMissing: pulumi.runtime.isDryRun(),
  secret: configSecret,
  hostKeys: lock.hostKeys,
});

function recordedLock(): Lock {
  try {
    return readLock(stack, new pulumi.Config("roadstead"));
  } catch (error) {
    throw error instanceof LockRefused ? new pulumi.RunError(error.message) : error;
  }
}

/** A preview shows what there is to see; `up` must not build half a platform. */
function refuseWhatIsMissing(): void {
  const missing = refusals(architecture);
  if (missing.length === 0) return;
  if (!pulumi.runtime.isDryRun())
    throw new pulumi.RunError(`${missing.join("\n")}\nNothing was changed. Next: roadstead doctor ${stack}`);
  for (const line of missing) void pulumi.log.warn(line);
}

/** Before anything is made: noticed by the ship itself, it would be after its first boot was noted. */
function refuseForeignKeys(): void {
  // Read as text, not by Config.get, which warns of every secret that is read so: it is looked at here, and goes nowhere.
  const foreign = foreignKeys(architecture, (name) => pulumi.runtime.getConfig(`${pulumi.getProject()}:${name}`));
  if (foreign.length > 0) throw new pulumi.RunError(`${foreign.join("\n")}\nNothing was changed.`);
}

/** Boot keys and the like are the project's own secrets, where `pulumi config set --secret NAME` puts them. */
function configSecret(name: string): pulumi.Output<string> {
  const value = new pulumi.Config().getSecret(name);
  if (value !== undefined) return value;
  const command = `pulumi config set --secret --stack ${stack} ${name} < FILE`;
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(`config secret ${name} is not set. Set it: ${command}`);
  void pulumi.log.warn(`config secret ${name} is not set, and \`up\` refuses without it. Set it: ${command}`);
  return pulumi.secret("");
}
