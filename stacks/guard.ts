// What makes `pulumi destroy` stop before it has taken anything.
import * as pulumi from "@pulumi/pulumi";
import { GUARD_SAYS, guardName } from "./cell-plan";

/**
 * A value in the state, of no cloud, that is protected and waits for everything else in its stack. Destroying starts with
 * what nothing waits for, and where one deletion is refused the engine leaves what that one stands on, and only that:
 * without this one, `pulumi destroy --skip-preview`, which is also what the Automation API does, would take ships, nodes
 * and hosts and leave piers and claims. Called last, when everything is registered.
 */
export function guardAgainstDestroy(stack: string, everything: pulumi.Resource): void {
  new pulumi.Stash(
    guardName(stack),
    { input: GUARD_SAYS },
    // protect: whoever means it says so first, with `pulumi state unprotect`, as for every pier.
    { parent: everything, dependsOn: everything, protect: true },
  );
}
