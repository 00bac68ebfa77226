// Property tests draw the same cases with and without a fault: a case nobody had drawn before would be taken for one.
require("fast-check").configureGlobal({ seed: 20261121 });
