// Hosts get scripts without comments and indentation, since user-data is short of room: they mean what was written.
import { spawnSync } from "node:child_process";
import { bootstrapFile, hostFiles } from "../../../components/host/render/bootstrap";
import { withoutComments } from "../../../components/host/render/comments";
import { hostSettings, type HostBackup } from "../../../components/host/render";
import type { HostFile } from "../../../components/host/render/file";
import { bareMetal, groundseg, planet } from "./sample";

const backup: HostBackup = {
  bucket: "piers",
  region: "us-east-1",
  recipients: ["age1vz9acwqs7zvnkfd5jg9ycd0500qnz8w4wse7jk2fhlsrdm95cfeqh3rxzx"],
  credentials: { secret: "bucketKey" },
};
/** As bash says it after it has read it: texts as they are, the rest in a form of its own. */
const read = (script: string): string => {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", 'eval "f() {\n$(cat)\n}" && declare -f f'], {
    input: script,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
};

test.each([
  ["a planet", planet(), { backup }],
  ["a GroundSeg host", groundseg(), {}],
  ["a machine of one's own", bareMetal(), { backup }],
])("every script of %s says the same to a shell as its source", (_, { host, lock }, more) => {
  const settings = { ...hostSettings(host, lock), ...more };
  const scripts: HostFile[] = [...hostFiles(settings), bootstrapFile(settings)].filter((f) =>
    f.content.startsWith("#!/bin/sh\n"),
  );
  expect(scripts.length).toBeGreaterThan(3);
  for (const script of scripts) {
    const given = withoutComments(script).content;
    expect(given).not.toMatch(/^[ \t]/m);
    expect(read(given)).toBe(read(script.content));
  }
});

test("a text over several indented lines would be noticed", () => {
  const script = { path: "/x", mode: "0755", content: "#!/bin/sh\nif :; then\n  echo 'a\n  b'\nfi\n" };
  expect(read(withoutComments(script).content)).not.toBe(read(script.content));
});
