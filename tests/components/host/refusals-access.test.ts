// Who gets into a host: with keys or networks that let nobody in, nothing is rendered.
import { renderHost } from "../../../components/host/render";
import { bareMetal, planet } from "./sample";

it.each(["ssh-ed25519 AAAA me@home", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOCAGKvKMlqrvEUb me@home"])(
  "a lock of before with a key that is cut off gets no script, which would end every other log-in: %s",
  (cut) => {
    for (const sample of [bareMetal(), planet()]) {
      const { adminCidrs } = sample.lock.access;
      const run = () => renderHost(sample.host, { ...sample.lock, access: { sshPublicKeys: [cut], adminCidrs } });
      expect(run).toThrow(/access\.sshPublicKeys\[0\]: received a key that is cut off/);
    }
  },
);

it.each([["2001:db8::/64"], ["192.168.1.0/24"]])(
  "a rented host that nobody could reach is refused: SSH from %s",
  (cidr) => {
    const { sshPublicKeys } = planet().lock.access;
    const access = { sshPublicKeys, adminCidrs: [cidr] };
    expect(() => renderHost(planet().host, { ...planet().lock, access })).toThrow(
      /access\.adminCidrs: .*at least one public IPv4 network/,
    );
    expect(() => renderHost(bareMetal().host, { ...bareMetal().lock, access })).not.toThrow();
  },
);
