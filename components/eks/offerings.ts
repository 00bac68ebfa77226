// Whether EC2 has the planned types in the planned zones. Only AWS knows, so it is asked, once for all pools, before anything
// that would be built on the answer.
import * as pulumi from "@pulumi/pulumi";
import { getInstanceTypeOfferingsOutput } from "@pulumi/aws/ec2/getInstanceTypeOfferings";
import { type ArgumentProblem, ArgumentsRefused, given } from "../refusal";

/** A type some nodes are to be of, in the zones they are to stand in. */
export interface WantedType {
  /** The pool that wants it, for the message. */
  pool: string;
  instanceType: string;
  zones: string[];
}

/**
 * Known once EC2 has confirmed every type in every zone; refused with all that are missing. In a preview by the engine the
 * question is asked, so the refusal comes before the first resource; offline the answer is unknown.
 */
export function typesOffered(
  name: string,
  region: string,
  wanted: WantedType[],
  opts: pulumi.InvokeOutputOptions,
): pulumi.Output<true> {
  if (wanted.length === 0) return pulumi.output(true as const);
  const values = (list: string[]): string[] => [...new Set(list)].sort();
  const answer = getInstanceTypeOfferingsOutput(
    {
      region,
      locationType: "availability-zone",
      filters: [
        { name: "instance-type", values: values(wanted.map((w) => w.instanceType)) },
        { name: "location", values: values(wanted.flatMap((w) => w.zones)) },
      ],
    },
    opts,
  );
  return pulumi
    .all([answer.instanceTypes, answer.locations])
    .apply(([types, zones]) => confirm(name, wanted, types ?? [], zones ?? []));
}

/** True, or a refusal with every type that is missing in a zone. */
export function confirm(name: string, wanted: WantedType[], types: string[], zones: string[]): true {
  const problems = missingTypes(wanted, types, zones);
  if (problems.length > 0) throw new ArgumentsRefused(`Node pools of ${JSON.stringify(name)}`, problems);
  return true;
}

/** `types[i]` is offered in `zones[i]`, as EC2 answers. */
export function missingTypes(wanted: WantedType[], types: string[], zones: string[]): ArgumentProblem[] {
  const offered = new Set(types.map((type, i) => `${type} ${zones[i]}`));
  const elsewhere = (type: string): string[] => zones.filter((_, i) => types[i] === type).sort();
  return wanted.flatMap(({ pool, instanceType, zones: places }) =>
    places
      .filter((zone) => !offered.has(`${instanceType} ${zone}`))
      .map((zone) => {
        const others = elsewhere(instanceType);
        return {
          path: pool,
          received: `${given(instanceType)} in ${zone}`,
          accepted: others.length > 0 ? `${instanceType} in ${others.join(", ")}` : "a type EC2 has in these zones",
          fix: "choose another family with cluster.families, or other zones, and plan again",
        };
      }),
  );
}
