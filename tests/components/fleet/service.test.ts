import { renderCell } from "../../../components/fleet/render/cell";
import { KUBERNETES } from "../../../components/fleet/render/resource";
import { workloadKey } from "../../../components/fleet/render/ship";
import { cellContext, lockedShip } from "./fixtures";

type Labels = Record<string, string>;

test("a ship's Service and StatefulSet select that ship's pod, and no other of its customer", () => {
  const ids = ["sampel-palnet", "wicdev-wisryt"];
  const rendered = renderCell("c1", {
    ships: ids.map((id) => lockedShip(id)),
    context: cellContext(),
    keys: new Set(ids),
  });
  const workloadOf = (id: string) =>
    rendered.find((r) => r.key === workloadKey(id))!.inputs.spec as {
      selector: { matchLabels: Labels };
      template: { metadata: { labels: Labels } };
    };
  const selected = (selector: Labels) =>
    ids.filter((id) => {
      const { labels } = workloadOf(id).template.metadata;
      return Object.entries(selector).every(([key, value]) => labels[key] === value);
    });
  for (const id of ids) {
    const service = rendered.find((r) => r.type === KUBERNETES.Service && r.name === `${id}-web`)!;
    const { selector } = service.inputs.spec as { selector: Labels };
    expect(Object.keys(selector).length).toBeGreaterThan(0);
    expect([selected(selector), selected(workloadOf(id).selector.matchLabels)]).toEqual([[id], [id]]);
  }
});
