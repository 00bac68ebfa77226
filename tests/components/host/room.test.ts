// Ports and disks of a host: what is taken, missing or too small is refused before anything is made.
import { diskProblems, portProblems } from "../../../components/host/render/room";
import type { HostPlace, HostSettings } from "../../../components/host/render";
import { hostPlace, hostSettings, imageProblems } from "../../../components/host/render";
import { groundseg, planet } from "./sample";

const settings = (over: Partial<HostSettings> = {}, of = planet()): HostSettings => ({
  ...hostSettings(of.host, of.lock),
  ...over,
});
const place = (over: Partial<HostPlace> = {}, of = planet()): HostPlace => ({
  ...hostPlace(of.host, of.lock),
  ...over,
});

describe("ports", () => {
  const codes = (first: object, second: object = {}, over: Partial<HostSettings> = {}) => {
    const [ship] = settings().ships;
    const ships = [
      { ...ship!, ...first },
      { ...ship!, id: "other", amesPort: 40_000, httpPort: 9000, ...second },
    ];
    return portProblems(settings({ ...over, ships })).map((p) => [p.code, p.path, p.received]);
  };
  test.each([
    ["SSH's", { httpPort: 22 }, "tcp/22, which is SSH's"],
    ["Caddy's", { httpPort: 80 }, "tcp/80, which is Caddy's"],
    ["Caddy's for TLS", { httpPort: 443 }, "tcp/443, which is Caddy's"],
    ["vere's own", { httpPort: 12_322 }, "tcp/12322, which is vere's"],
  ])("%s is no ship's", (_, first, received) => {
    expect(codes(first)).toEqual([["port-taken", "ships[0].httpPort", received]]);
  });
  test.each([0, 80.5, 1023, 65_536, -1])("%d is none that a ship can have", (port) => {
    expect(codes({ amesPort: port })).toEqual([["no-port", "ships[0].amesPort", `udp/${port}`]]);
  });
  test("no two ships have one, but UDP and TCP are two things", () => {
    expect(codes({ amesPort: 40_000 })).toEqual([
      ["port-taken", "ships[1].amesPort", `udp/40000, which is ${settings().ships[0]!.id}'s`],
    ]);
    expect(codes({ amesPort: 9000 })).toEqual([]);
  });
  test.each([3000, 8000, 8080, 19_999])("on a GroundSeg host %d is GroundSeg's", (httpPort) => {
    expect(codes({ httpPort }, {}, { kind: "groundseg" })[0]![2]).toBe(`tcp/${httpPort}, which is GroundSeg's`);
    expect(codes({ httpPort })).toEqual([]);
  });
});

describe("disks", () => {
  const paths = (over: Partial<HostPlace>, of = planet()) =>
    diskProblems(place(over, of), settings({}, of)).map((p) => p.path);
  test("a volume has ten GiB for each ship at least, and room for Docker under GroundSeg", () => {
    expect(paths({})).toEqual([]);
    expect(paths({ volumeGiB: 9 })).toEqual(["volumeGiB"]);
    expect(paths({ volumeGiB: 10 })).toEqual([]);
    const harbour = groundseg();
    const need = settings({}, harbour).ships.length * 10 + 20;
    expect(paths({ volumeGiB: need - 1, rootDiskGiB: 80 }, harbour)).toEqual(["volumeGiB"]);
    expect(paths({ volumeGiB: need, rootDiskGiB: 80 }, harbour)).toEqual([]);
  });
  test("a root disk has room for the system and the swap on it", () => {
    const { swapGiB } = settings();
    expect(paths({ rootDiskGiB: swapGiB + 7 })).toEqual(["rootDiskGiB"]);
    expect(paths({ rootDiskGiB: swapGiB + 8 })).toEqual([]);
  });
});

describe("images", () => {
  const codes = (over: Partial<HostPlace>) => imageProblems(place(over)).map((p) => p.code);
  test("an unknown one is refused, as none at all is", () => {
    expect(codes({})).toEqual([]);
    expect(codes({ image: undefined })).toEqual(["missing-image"]);
    expect(codes({ image: "fedora-40-x64" })).toEqual(["unknown-image"]);
    expect(codes({ provider: "aws", image: "debian-12-x64" })).toEqual(["unknown-image"]);
    expect(codes({ provider: "aws", image: "ami-0123456789abcdef0" })).toEqual([]);
  });
});
