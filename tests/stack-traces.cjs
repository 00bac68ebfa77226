// Jest asks for a hundred frames of every error, and the Pulumi SDK makes an error for each of its promises: a third of the
// suite's time went into traces nobody read. Ten are Node's own.
Error.stackTraceLimit = 10;
