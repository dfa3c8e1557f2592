/**
 * What oclif and its plugins read themselves (scopedEnvVar of @oclif/core 4), what keg sets for itself, and what its own
 * tests use.
 */
const FOREIGN =
  /^KEG_(?:BINPATH|CACHE_DIR|CONFIG_DIR|DATA_DIR|DEBUG|DISABLE_\w+|EXEC_RUN|HIDE_\w+|NEW_VERSION_\w+|NPM_\w+|REDIRECTED|RESOLVED|S3_\w+|SHOW_\w+|SKIP_\w+|BENCH_\w+|TEST_\w+)$/

/** Whether a variable that begins with KEG_ is never one of keg's values. */
export function isForeignName(name: string): boolean {
  return FOREIGN.test(name)
}

/** Whether a value can come from the environment or `.env`; others come only from keg's YAML files. */
export function isOwnName(name: string): boolean {
  return /^(?:KEG|DOC)_\w+$/.test(name) && !isForeignName(name)
}
