/**
 * @param {string} page
 * @param {'commands' | 'compose' | 'figures' | 'map' | 'rooms' | 'values'} subject what is generated, as named in the markers around it
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
 * @returns {string | undefined} a Markdown table; undefined without rows
 */
export function table(titles, rows) {
  if (rows.length === 0) return undefined
  const lines = rows.map((row) => `| ${row.map(cell).join(' | ')} |`)
  return [`| ${titles.join(' | ')} |`, `|${' --- |'.repeat(titles.length)}`, ...lines].join('\n')
}

/**
 * One line, in which Markdown interprets nothing but code: `<tap>` would be taken for a tag.
 *
 * @param {string} text
 */
const cell = (text) =>
  text
    .replaceAll('|', String.raw`\|`)
    .replace(/\s*\n\s*/g, ' ')
    .replace(/`[^`]*`|</g, (found) => (found === '<' ? String.raw`\<` : found))
