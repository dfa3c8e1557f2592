/** Something the scripts need is not here, or a step of theirs failed: one sentence for whoever started them. */
export class SetupError extends Error {
  /**
   * @param {string} message what is wrong and what to do about it
   * @param {number} [exitCode] 4 when something is missing on this machine, as in keg itself; 1 when a step failed
   */
  constructor(message, exitCode = 4) {
    super(message)
    this.name = 'SetupError'
    this.exitCode = exitCode
  }
}
