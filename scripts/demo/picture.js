/** The picture in the README of a run of `npm run demo`: `npm run demo -- --picture` redraws it. */

const WIDTH = 941
const LINE_HEIGHT = 19
/** As many as fit the width. */
const MAX_CHARACTERS = 113
const TOP = 48

const COLOURS = {title: '#8fb8de', command: '#f2f2f0', output: '#a9b0ba', result: '#8fce92'}

/**
 * @typedef {object} Line
 * @property {keyof typeof COLOURS} kind
 * @property {string} text
 */

/**
 * @param {readonly (readonly Line[])[]} sections
 * @returns {string} an SVG: a terminal window with the sections, separated by blank lines
 */
export function picture(sections) {
  /** @type {(Line | undefined)[]} */
  const lines = sections.flatMap((section, index) => (index === 0 ? [...section] : [undefined, ...section]))
  const height = TOP + lines.length * LINE_HEIGHT + 8
  const drawn = lines.flatMap((line, index) => (line === undefined ? [] : [drawLine(line, TOP + index * LINE_HEIGHT)]))
  const size = `width="${WIDTH}" height="${height}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="A run of npm run demo">`,
    `<rect ${size} rx="8" fill="#16181d"/>`,
    '<circle cx="20" cy="18" r="6" fill="#e06c60"/><circle cx="40" cy="18" r="6" fill="#e0b45c"/><circle cx="60" cy="18" r="6" fill="#6fbf73"/>',
    '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13" xml:space="preserve">',
    ...drawn,
    '</g></svg>',
    '',
  ].join('\n')
}

/**
 * @param {Line} line
 * @param {number} y
 */
function drawLine({kind, text}, y) {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 1)}…` : text
  const escaped = cut.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const weight = kind === 'title' || kind === 'command' ? ' font-weight="700"' : ''
  return `<text x="20" y="${y}" fill="${COLOURS[kind]}"${weight}>${escaped}</text>`
}
