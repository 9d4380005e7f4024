// Prints what the AsyncAPI parser has against each document named; fails on an error or a warning.
import { readFile } from "node:fs/promises";
import { DiagnosticSeverity, Parser } from "@asyncapi/parser";

// Newer versions of the standard than the one we chose are no defect.
const IGNORED = new Set(["asyncapi-latest-version"]);

let failed = false;
for (const source of process.argv.slice(2)) {
  const { diagnostics } = await new Parser().parse(await readFile(source, "utf8"), { source });
  for (const { code, severity, message, path, range } of diagnostics) {
    if (IGNORED.has(code)) continue;
    failed ||= severity <= DiagnosticSeverity.Warning;
    const line = range.start.line + 1;
    console.error(`${source}:${line}: ${DiagnosticSeverity[severity]}: ${message} (${code}, ${path.join(".")})`);
  }
}
process.exit(failed ? 1 : 0);
