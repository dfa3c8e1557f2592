import {writeFileSync} from 'node:fs'
import Mocha from 'mocha'

/** How much of an error is kept, in characters. */
const MAX_ERROR_LENGTH = 3000

/** Mocha's own report on the terminal; counts and failures go as JSON to the file that the option `counts` names. */
export default class CountingReporter extends Mocha.reporters.Spec {
  /**
   * @param {Mocha.Runner} runner
   * @param {Mocha.MochaOptions & {reporterOption?: {counts?: string}}} options
   */
  constructor(runner, options) {
    super(runner, options)
    const file = options.reporterOption?.counts
    if (file === undefined) throw new TypeError('the option `counts` names no file')
    runner.once('end', () => {
      const {passes, failures} = this.stats
      const failed = this.failures.map((test) => ({
        title: test.fullTitle(),
        error: (test.err?.stack ?? test.err?.message ?? '').slice(0, MAX_ERROR_LENGTH),
      }))
      writeFileSync(file, JSON.stringify({passed: passes, failed: failures, failures: failed}))
    })
  }
}
