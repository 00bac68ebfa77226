import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

// A part imports only what stands to its left (design §3). policies/index.ts serves the pack and is imported by nobody.
const parts = ["planner", "policies", "components", "stacks", "preview", "rollout", "cli"];
const zones = parts.flatMap((part, i) =>
  parts.slice(i + 1).map((later) => ({
    target: `./${part}`,
    from: `./${later}`,
    message: `${part}/ may not import ${later}/: imports point left in ${parts.join(" ← ")}`,
  })),
);
const pure = (files, what) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: [{ group: ["@pulumi/*"], message: `${what} is pure: no Pulumi import` }] },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "coverage/", "out/"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    plugins: { "import-x": importX },
    settings: { "import-x/resolver": { node: { extensions: [".ts", ".mjs", ".js", ".json"] } } },
    rules: {
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: [
            ...zones,
            {
              target: parts.map((part) => `./${part}`),
              from: "./policies/index.ts",
              message: "policies/index.ts serves the pack: import policies/rules",
            },
          ],
        },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-empty": ["error", { allowEmptyCatch: false }],
    },
  },
  pure(["planner/**/*.ts", "policies/rules/**/*.ts", "components/**/render/**/*.ts"], "this part"),
  {
    // Resources are decided by plain values, never inside an Output (design §2 rule 5).
    files: ["components/**/*.ts", "stacks/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.property.name='apply'] NewExpression",
          message: "nothing is created inside apply: preview could not show it",
        },
      ],
    },
  },
  {
    files: ["**/*.cjs", "**/*.mjs"],
    languageOptions: {
      globals: {
        module: "writable",
        require: "readonly",
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        __dirname: "readonly",
      },
    },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  prettier,
);
