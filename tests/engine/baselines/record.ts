// Run by record.mjs, in a worktree of the version to record. No test of that version: it is not called one.
import { type Example, examples, prepare } from "../engine/examples";
import { Project } from "../engine/project";
import { taken, write } from "./baseline";

const out = process.env.ROADSTEAD_BASELINE_OUT!;

test.each(Object.entries<Example>(examples))("%s is built and recorded", async (name, example) => {
  const project = new Project();
  try {
    const stacks = await prepare(project, example);
    for (const stack of stacks) {
      const done = await project.up(stack);
      if (done.code !== 0) throw new Error(done.output.slice(-6_000));
    }
    write(out, name, await taken(project, example, stacks));
  } finally {
    project.remove();
  }
});
