// Ships on hosts: volumes, claims, firewall, user-data, the guard script.
const host = ["tests/components/host/resources.test.ts", "tests/components/host"];
const droplet = { ROADSTEAD_EXAMPLES: "vps-digitalocean" };
const part = "components";

module.exports = [
  {
    id: "host-volume-not-kept",
    part,
    title: "a host's pier volume and claim are deleted once unprotected",
    file: "components/host/render/resources.ts",
    find: "export const KEEP = { protect: true, retainOnDelete: true } as const;",
    replace: "export const KEEP = { protect: true } as const;",
    suites: [...host, { path: "tests/engine/lifecycle.test.ts", env: droplet }],
  },
  {
    id: "volume-replaced-by-growth",
    part,
    title: "a volume's name holds its size, so growing it replaces it",
    file: "components/host/render/digitalocean.ts",
    find: "      name: pierName,\n",
    replace: "      name: `${pierName}-${place.volumeGiB}`,\n",
    suites: [...host, { path: "tests/engine/lifecycle.test.ts", env: droplet }],
  },
  {
    id: "ssh-key-named-by-index",
    part,
    title: "SSH keys are named by their place in the list",
    file: "components/host/render/digitalocean.ts",
    find:
      "  publicKeys.map((publicKey) => ({\n    key: `ssh-${keyName(publicKey)}`,\n" +
      '    type: type("sshKey", "SshKey"),\n    name: `${name}-ssh-${keyName(publicKey)}`,',
    replace:
      "  publicKeys.map((publicKey, i) => ({\n    key: `ssh-${keyName(publicKey)}`,\n" +
      '    type: type("sshKey", "SshKey"),\n    name: `${name}-ssh-${i}`,',
    suites: ["tests/components/identity.test.ts", ...host],
  },
  {
    id: "ssh-open-to-the-world",
    part,
    title: "the provider's firewall opens SSH to everybody",
    file: "components/host/render/digitalocean.ts",
    find: "port: 22, from: settings.access.adminCidrs, why",
    replace: "port: 22, from: WORLD, why",
    suites: host,
  },
  {
    id: "volume-key-untried",
    part,
    title: "a volume's key is replaced by whatever is brought",
    file: "components/host/render/volume.ts",
    find: '! cryptsetup open --test-passphrase --key-file "$keyfile.new" "$device"; }; then',
    replace: "false; }; then",
    suites: host,
  },
  {
    id: "operator-key-on-disk",
    part,
    title: "the key that an operator keeps is written to the root disk",
    file: "components/host/render/volume.ts",
    find: "*) keys=$root/run/roadstead ;; esac",
    replace: "*) keys=$root/etc/roadstead ;; esac",
    suites: host,
  },
  {
    id: "key-in-user-data",
    part,
    title: "a boot key is written into user-data",
    file: "components/vps/index.ts",
    find: "    const made = register(this, planned.resources, { ...args.shared });\n",
    replace:
      '    const bootKey = new pulumi.Config("roadstead").get(args.ship.keySecret ?? "") ?? "";\n' +
      "    for (const { inputs } of planned.resources)\n" +
      "      if (inputs.userData !== undefined) inputs.userData = `${String(inputs.userData)}# ${bootKey}\\n`;\n" +
      "    const made = register(this, planned.resources, { ...args.shared });\n",
    suites: ["tests/stacks", ...host, { path: "tests/engine/secrets.test.ts" }],
  },
  {
    id: "two-hosts-at-once",
    part,
    title: "a replaced droplet's successor starts before it is gone",
    file: "components/host/render/digitalocean.ts",
    find: "the old one is gone before the new one comes.\n        deleteBeforeReplace: true,\n      },\n      dependsOn: claimed,",
    replace: "the old one is gone before the new one comes.\n      },\n      dependsOn: claimed,",
    suites: host,
  },
  {
    id: "host-boots-twice",
    part,
    title: "a first boot that was started before is started again",
    file: "components/host/render/ship-script.ts",
    find: '[ "$(first_boot)" = never ] || quarantine',
    replace: '[ "$(first_boot)" != done ] || quarantine',
    suites: ["tests/components/host/ship.test.ts"],
  },
  {
    id: "host-metadata-v1",
    part,
    title: "an EC2 host answers metadata requests without a token",
    file: "components/host/render/aws.ts",
    find: 'httpTokens: "required"',
    replace: 'httpTokens: "optional"',
    suites: host,
  },
  {
    id: "volume-key-of-a-damaged-header",
    part,
    title: "the key of a volume whose header is damaged is replaced untried",
    file: "components/host/render/volume.ts",
    find: '{ ! is_blank "$device" && ! cryptsetup open --test-passphrase',
    replace: '{ cryptsetup isLuks "$device" && ! cryptsetup open --test-passphrase',
    suites: host,
  },
  {
    id: "groundseg-without-password",
    part,
    title: "GroundSeg is started without a password and takes one from whoever comes first",
    file: "components/host/render/groundseg.ts",
    find: "ExecCondition=${GROUNDSEG} ready\n",
    replace: "",
    suites: ["tests/components/groundseg", ...host],
  },
  {
    id: "groundseg-half-set-up",
    part,
    title: "a GroundSeg whose set-up is not complete counts as one with a password",
    file: "components/host/render/groundseg-command.ts",
    find: ' and conf.get("setup") in (None, "", "complete")',
    replace: "",
    suites: ["tests/components/groundseg", ...host],
  },
  {
    id: "groundseg-updates-itself",
    part,
    title: "a pinned GroundSeg replaces itself and every ship's runtime within the hour",
    file: "components/host/render/groundseg.ts",
    find: 'updateMode: "manual"',
    replace: 'updateMode: "auto"',
    suites: ["tests/components/groundseg", ...host],
  },
  {
    id: "docker-before-its-rules",
    part,
    title: "Docker starts containers before what they publish is closed",
    file: "components/host/render/groundseg.ts",
    find: "ExecStartPre=${LIB}/docker-user\n",
    replace: "",
    suites: ["tests/components/groundseg", ...host],
  },
  {
    id: "docker-kills-ships",
    part,
    title: "Docker is stopped before its ships have stopped by themselves",
    file: "components/host/render/groundseg.ts",
    find: "ExecStop=${GROUNDSEG} stop\n",
    replace: "",
    suites: ["tests/components/groundseg", ...host],
  },
];
