import { MIN_TERMINATION_GRACE_SECONDS } from "../../../planner/predicates";
import { shipWorkload } from "../../../components/fleet/render/workload";
import { cellContext, lockedShip } from "./fixtures";

test("a ship has the time to stop that its lock records, never Kubernetes' thirty seconds", () => {
  for (const terminationGraceSeconds of [MIN_TERMINATION_GRACE_SECONDS, 900, 2700]) {
    const { spec } = shipWorkload(lockedShip("sampel-palnet"), cellContext({ terminationGraceSeconds })) as {
      spec: { template: { spec: { terminationGracePeriodSeconds?: number } } };
    };
    expect(spec.template.spec.terminationGracePeriodSeconds).toBe(terminationGraceSeconds);
  }
});
