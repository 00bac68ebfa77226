// What the AWS Load Balancer Controller is set to, and what it may do. The permissions are those network load balancers need
// by its documented policy (docs/install/iam_policy.json, c533211), and narrower: what exists is changed only when it
// carries this cluster's tag, and nothing of Ingresses, Cognito, WAF or Shield is there.
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
export function loadBalancerPolicy(clusterName: string, { ames } = { ames: false }): string {
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
      Resource: any,
      Condition: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
    },
    {
      Sid: "MakeWithTag",
      Effect: "Allow",
      Action: ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"],
      Resource: any,
      Condition: becomesOwn,
    },
    {
      Sid: "TagWhatItMakes",
      Effect: "Allow",
      Action: "elasticloadbalancing:AddTags",
      Resource: any,
      Condition: {
        StringEquals: {
          ...becomesOwn.StringEquals,
          "elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup"],
        },
      },
    },
    {
      Sid: "ChangeOwn",
      Effect: "Allow",
      Action: [
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets",
      ],
      Resource: any,
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
      // Listeners carry no tag of their own on the way in; they belong to a load balancer that does.
      Sid: "Listeners",
      Effect: "Allow",
      Action: [
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:RemoveListenerCertificates",
      ],
      Resource: [
        "arn:aws:elasticloadbalancing:*:*:loadbalancer/net/*",
        "arn:aws:elasticloadbalancing:*:*:listener/net/*",
      ],
    },
    {
      Sid: "TagListeners",
      Effect: "Allow",
      Action: ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
      Resource: "arn:aws:elasticloadbalancing:*:*:listener/net/*",
    },
    {
      Sid: "MakeSecurityGroups",
      Effect: "Allow",
      Action: "ec2:CreateSecurityGroup",
      Resource: any,
    },
    {
      Sid: "TagNewSecurityGroups",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: "arn:aws:ec2:*:*:security-group/*",
      Condition: {
        StringEquals: { ...becomesOwn.StringEquals, "ec2:CreateAction": "CreateSecurityGroup" },
      },
    },
    {
      Sid: "ChangeOwnSecurityGroups",
      Effect: "Allow",
      Action: ["ec2:CreateTags", "ec2:DeleteTags", "ec2:DeleteSecurityGroup"],
      Resource: "arn:aws:ec2:*:*:security-group/*",
      Condition: own,
    },
    {
      // The nodes' own group, made by EKS, must let the load balancer in; it carries EKS's tag, not the controller's.
      Sid: "RulesOfSecurityGroups",
      Effect: "Allow",
      Action: ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
      Resource: "arn:aws:ec2:*:*:security-group/*",
    },
  );
}
