/**
 * @param {string} answer the id of a command, or `error`
 * @returns {string} the file of its JSON Schema, from the top of the repository
 */
export function schemaFile(answer) {
  return `docs/schemas/${answer.replaceAll(':', '-')}.json`
}
