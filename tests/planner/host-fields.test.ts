// What an SSH key and an administrators' network must be, before a host that takes no other log-in is made with them.
import { isPublicKey, reachesRentedHosts } from "../../planner/host-fields";

const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHvBXzD3GlRxXqkDKqlie4X9tikIY0yKoawc0tFgdGEI me@home";
const sk = (...parts: (string | Buffer)[]): string =>
  `sk-ssh-ed25519@openssh.com ${Buffer.concat(
    ["sk-ssh-ed25519@openssh.com", ...parts].map((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return Buffer.concat([length, Buffer.from(part)]);
    }),
  ).toString("base64")}`;
const KEYS = [
  ED25519,
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBPVsNvfO9i3RXcl5ONpLoNyEx86KRz/hgmyBd2CKVpbElE1+hIi8tUkCeMl/px/yw5O23clgJB67yezgSFHDccU= me@home",
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCz4+9Iw/xX0tWIWIJV1y5Vd6ip+0DnmJTMa9f3Zx37ptx8ysBTnonxlcigGn9L1DnV3o+UtSwqBXzJAQeIPF1CzZDUapHB1KI4tOeiA91719ydeHun+EXPr5TOj1lkYiC00m9+0iPCwaq3NKyA04FFJHOva3j5EpXAkSs1KJYs6i1Ders90Es/CE3oiTNh92G/wTtEexDCLUf+abTwGa+/Gsg8F8EsZnwKD4Okqpgu8YwGrhcZYdjbN00Rh173i2nUMy7u3763xvnwg4w0/EZaMlm68xrkZo4wM6RvhpG41WjsY8JDqrJ65oqD0GWnEx2NfD89SLPNpIrJmRkt+MW3 me@home",
  `${sk(Buffer.alloc(32, 7), "ssh:")} token`,
];

test("a public key is taken whole, with and without a comment, whatever its kind", () => {
  for (const key of KEYS) {
    expect([key, isPublicKey(key)]).toEqual([key, true]);
    expect(isPublicKey(key.split(" ").slice(0, 2).join(" "))).toBe(true);
  }
});

test("a public key that is cut off anywhere is none, nor is one that names another kind, has a part too many or is no base64", () => {
  for (const key of KEYS) {
    const [type, base64] = key.split(" ") as [string, string];
    for (let end = 0; end < base64.length; end++) {
      const cut = `${type} ${base64.slice(0, end)}`;
      expect([cut, isPublicKey(cut)]).toEqual([cut, false]);
      expect(isPublicKey(`${cut} me@home`)).toBe(false);
    }
    const others = ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"].filter((other) => other !== type);
    for (const other of others) expect(isPublicKey(`${other} ${base64}`)).toBe(false);
    expect(isPublicKey(` ${key}`)).toBe(false);
    expect(isPublicKey(key.replace(" ", "  "))).toBe(false);
    expect(isPublicKey(`${type} *${base64}`)).toBe(false);
    expect(isPublicKey(`${type} ${base64}AAAA`)).toBe(false);
  }
  for (const bad of [sk(Buffer.alloc(32)), sk(Buffer.alloc(31), "ssh:"), sk(Buffer.alloc(32), "ssh:", "more")])
    expect(isPublicKey(bad)).toBe(false);
});

test("a rented host is reached from public IPv4 networks, and from no other", () => {
  for (const cidr of ["203.0.113.7/32", "8.0.0.0/7", "172.32.0.0/16", "100.128.0.0/9"])
    expect([cidr, reachesRentedHosts([cidr])]).toEqual([cidr, true]);
  for (const cidr of [
    "192.168.1.0/24",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "100.64.0.0/10",
    "127.0.0.1/32",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "2001:db8::/64",
    "2000::/3",
    "::ffff:203.0.113.7/128",
    "not a network",
  ])
    expect([cidr, reachesRentedHosts([cidr])]).toEqual([cidr, false]);
  expect(reachesRentedHosts(["192.168.1.0/24", "2001:db8::/64", "203.0.113.7/32"])).toBe(true);
  expect(reachesRentedHosts([])).toBe(false);
});
