/**
 * @param {string} page
 * @param {'commands' | 'values'} subject what is generated, as the markers around it say
 * @param {string} part
 * @returns {string} the page with the part between its two markers
 */
export function replacePart(page, subject, part) {
  const [start, end] = [`<!-- ${subject}: made by \`npm run build\` -->`, `<!-- /${subject} -->`]
  const [from, to] = [page.indexOf(start), page.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`The page needs the lines "${start}" and "${end}".`)
  return `${page.slice(0, from)}${start}\n\n${part}\n${page.slice(to)}`
}

/**
 * @param {readonly string[]} titles
 * @param {readonly (readonly string[])[]} rows
 * @returns {string | undefined} a table of Markdown; nothing where it has no rows
 */
export function table(titles, rows) {
  if (rows.length === 0) return undefined
  const lines = rows.map((row) => `| ${row.map(cell).join(' | ')} |`)
  return [`| ${titles.join(' | ')} |`, `|${' --- |'.repeat(titles.length)}`, ...lines].join('\n')
}

/**
 * One line, in which nothing but code has a meaning for Markdown: `<tap>` would be taken for a tag.
 *
 * @param {string} text
 */
const cell = (text) =>
  text
    .replaceAll('|', String.raw`\|`)
    .replace(/\s*\n\s*/g, ' ')
    .replace(/`[^`]*`|</g, (found) => (found === '<' ? String.raw`\<` : found))
