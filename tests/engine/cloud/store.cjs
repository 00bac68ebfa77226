// The stand-in cloud: one folder that outlives engine and providers. Every object is a file, every taken name is a file
// made create-only, and every call that changed something is a line of the journal. Many provider processes share it.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const digest = (text) => createHash("sha256").update(text).digest("hex").slice(0, 32);

class AlreadyExists extends Error {}
class Refused extends Error {}

class Cloud {
  constructor(dir) {
    this.dir = dir;
    for (const folder of ["objects", "names", "counters"]) fs.mkdirSync(path.join(dir, folder), { recursive: true });
  }

  /** `taken`: what may exist once only, such as a namespace and a name; null for what clouds name themselves. */
  create(object, taken) {
    if (taken !== null) this.#take(taken, object);
    this.#write(object);
    this.note("create", object);
    return object;
  }

  /** Null when it is gone. */
  find(scope, type, id) {
    return readJson(this.#file(scope, type, id));
  }

  update(object) {
    if (!this.find(object.scope, object.type, object.id))
      throw new Refused(`${object.type} ${object.id} does not exist`);
    this.#write(object);
    this.note("update", object);
  }

  remove(object, taken, op = "delete") {
    fs.rmSync(this.#file(object.scope, object.type, object.id), { force: true });
    if (taken !== null) fs.rmSync(path.join(this.dir, "names", digest(taken)), { force: true });
    this.note(op, object);
  }

  all() {
    const folder = path.join(this.dir, "objects");
    return fs.readdirSync(folder).flatMap((name) => readJson(path.join(folder, name)) ?? []);
  }

  note(op, { scope, type, id, urn }, more = {}) {
    const line = JSON.stringify({ op, scope, type, id, urn, ...more });
    fs.appendFileSync(path.join(this.dir, "journal.jsonl"), `${line}\n`);
  }

  journal() {
    const text = fs.existsSync(path.join(this.dir, "journal.jsonl"))
      ? fs.readFileSync(path.join(this.dir, "journal.jsonl"), "utf8")
      : "";
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** The next number of a counter that all processes share. */
  next(counter) {
    for (let n = 1; ; n += 1) {
      try {
        fs.writeFileSync(path.join(this.dir, "counters", `${digest(counter)}-${n}`), "", { flag: "wx" });
        return n;
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
    }
  }

  #take(taken, object) {
    try {
      fs.writeFileSync(path.join(this.dir, "names", digest(taken)), taken, { flag: "wx" });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      this.note("refuse", object, { reason: "AlreadyExists" });
      throw new AlreadyExists(`${taken} already exists`);
    }
  }

  #file(scope, type, id) {
    return path.join(this.dir, "objects", `${digest(`${scope} ${type} ${id}`)}.json`);
  }

  /** Whole or not at all: a provider may be killed while it writes. */
  #write(object) {
    const file = this.#file(object.scope, object.type, object.id);
    const next = `${file}.${process.pid}`;
    fs.writeFileSync(next, JSON.stringify(object, null, 1));
    fs.renameSync(next, file);
  }
}

function readJson(file) {
  try {
    return file.endsWith(".json") ? JSON.parse(fs.readFileSync(file, "utf8")) : null;
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

module.exports = { AlreadyExists, Cloud, Refused };
