// What the functions components call answer, by member: each is unknown offline, and has to be named so. The SDK reads a
// member of an answer that lacks it as `undefined`, and a policy with "undefined" in it would be shown as known.
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  "aws:index/getCallerIdentity:getCallerIdentity": ["accountId", "arn", "id", "userId"],
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": ["id", "instanceTypes", "locationTypes", "locations"],
  "aws:ec2/getVpc:getVpc": ["arn", "cidrBlock", "cidrBlockAssociations", "id", "ownerId", "tags"],
  "digitalocean:index/getKubernetesVersions:getKubernetesVersions": ["id", "latestVersion", "validVersions"],
  "digitalocean:index/getLoadBalancer:getLoadBalancer": ["id", "ip", "ipv6", "name", "status"],
};

/** Members of the answer to a function; null for one that is not listed, and must not be shown wrongly. */
export const answerOf = (token: string): readonly string[] | null => ANSWERS[token] ?? null;
