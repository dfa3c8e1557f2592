/** Something that the scripts need is missing, or one of their steps failed: one sentence for the user. */
export class SetupError extends Error {
  /**
   * @param {string} message what is wrong and what to do about it
   * @param {number} [exitCode] 4 if something is missing on this machine, as in keg itself; 1 if a step failed
   */
  constructor(message, exitCode = 4) {
    super(message)
    this.name = 'SetupError'
    this.exitCode = exitCode
  }
}
