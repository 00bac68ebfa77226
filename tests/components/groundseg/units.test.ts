// What holds GroundSeg, Docker and the ships back until it is safe, as units say it. That systemd obeys: tests/host/groundseg.test.ts.
import { renderHost } from "../../../components/host/render";
import { groundseg } from "../host/sample";

const { host, lock } = groundseg();
const { files, steps } = renderHost(host, lock);
const file = (path: string): string => files.find((f) => f.path === path)!.content;
const unit = (name: string): string => file(`/etc/systemd/system/${name}`);

it("GroundSeg is started only where its settings have a password", () => {
  expect(unit("groundseg.service")).toMatch(
    /\nExecCondition=\/usr\/local\/lib\/roadstead\/groundseg ready\nExecStart=\/opt\/nativeplanet\/groundseg\/groundseg /,
  );
  expect(file("/usr/local/lib/roadstead/groundseg")).toContain(
    'return bool(conf and conf.get("pwHash")) and conf.get("setup") in (None, "", "complete")',
  );
});

it("Docker is not started before what it publishes is closed, nor without the volume", () => {
  const docker = unit("docker.service.d/10-roadstead.conf");
  expect(docker).toContain("\nExecStartPre=/usr/local/lib/roadstead/docker-user\n");
  expect(docker).toContain("\nRequires=roadstead-volume.service\n");
});

it("a stop reaches GroundSeg first, then the ships, then Docker", () => {
  const containers = unit("roadstead-containers.service");
  expect(containers).toMatch(/\nAfter=docker\.service\n[^]*\nExecStop=\/usr\/local\/lib\/roadstead\/groundseg stop\n/);
  expect(unit("groundseg.service")).toMatch(/\nAfter=.* roadstead-containers\.service\n/);
  expect(unit("groundseg.service")).toMatch(/\nRequires=.* roadstead-containers\.service\n/);
});

it("GroundSeg finds its ships' volumes where it looks for them", () => {
  expect(steps.find((s) => s.id === "groundseg")!.run).toContain("ln -s /opt/nativeplanet/docker /var/lib/docker\n");
});

it("nothing but a ship's Ames port reaches a container, whatever it comes in by", () => {
  const rules = file("/usr/local/lib/roadstead/docker-user").split("\n");
  const chain = rules.slice(rules.indexOf(":DOCKER-USER - [0:0]") + 1, rules.indexOf("COMMIT"));
  expect(chain).toEqual([
    "-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
    "-A DOCKER-USER -i docker0 -j RETURN",
    "-A DOCKER-USER -i br-+ -j RETURN",
    "-A DOCKER-USER -p udp -m conntrack --ctorigdstport 34344 -j RETURN",
    "-A DOCKER-USER -p udp -m conntrack --ctorigdstport 34345 -j RETURN",
    "-A DOCKER-USER -j DROP",
  ]);
});
