// Preloaded into every suite, each of which leads a group of its own: when whoever started it is gone, be it by kill -9, its
// standard input ends, and it ends its group.
if (process.send === undefined) {
  const end = () => {
    process.kill(-process.pid, "SIGTERM");
    process.exit(1);
  };
  process.stdin.on("end", end).on("error", end);
  process.stdin.resume();
  process.stdin.unref();
}
