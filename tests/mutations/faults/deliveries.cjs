// What reaches a host over SSH: which host, which secret, in which order.
const suites = ["tests/components/host/delivery.test.ts"];
const part = "components";

module.exports = [
  {
    id: "key-delivered-twice",
    part,
    title: "a boot key is delivered a second time when its host's address or SSH key changes",
    file: "components/host/render/delivery.ts",
    find: "      again: bootKeyLook(ship.id),\n",
    replace: "      again: bootKeyCommand(ship.id),\n",
    suites,
  },
  {
    id: "first-boot-half-over-is-fine",
    part,
    title: "`up` succeeds while a first boot is not over, and never looks again",
    file: "components/host/render/deliver-commands.ts",
    find: "exit 75\n`",
    replace: "exit 0\n`",
    suites,
  },
  {
    id: "any-text-is-a-host-key",
    part,
    title: "a recorded host key that is cut off is taken for one",
    file: "components/host/render/delivery.ts",
    find: "return isWholeKey(type, base64!) ? null",
    replace: "return type.length <= base64!.length ? null",
    suites,
  },
  {
    id: "sealed-key-still-declared",
    part,
    title: "the key of a ship that has booted for good stays declared",
    file: "components/host/render/delivery.ts",
    find: "ship.keySecret === undefined || ship.sealed ||",
    replace: "ship.keySecret === undefined ||",
    suites,
  },
  {
    id: "key-before-set-up",
    part,
    title: "a key is delivered to a host that is not set up",
    file: "components/host/render/delivery.ts",
    find: "        dependsOn: [SET_UP],\n",
    replace: "        dependsOn: after,\n",
    suites,
  },
  {
    id: "host-volume-not-snapshotted",
    part,
    title: "a host's pier volume on AWS lacks the tag that its snapshot schedule selects",
    file: "components/host/render/place.ts",
    find: "backupTag: aws && architecture.backup?.enabled ? backupTag(architecture.environment) : undefined,",
    replace: "backupTag: aws && architecture.backup?.enabled ? backupTag(architecture.stack + aws) : undefined,",
    suites,
  },
];
