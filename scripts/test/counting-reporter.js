import {writeFileSync} from 'node:fs'
import Mocha from 'mocha'

/** Mocha's own report on the terminal; what it counted goes as JSON to the file that the option `counts` names. */
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
      writeFileSync(file, JSON.stringify({passed: passes, failed: failures}))
    })
  }
}
