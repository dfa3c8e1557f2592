const longestShown = 100
// Far more than is shown, so that a password is found by its "@", but short enough to search quickly.
const longestSearched = 4096

// What follows the "@" of a digest; everything else before an "@" may be a password.
const digestAhead = String.raw`(?!sha\d+\b|[A-Za-z][\w+.-]*:[0-9A-Fa-f]{32,})`

/**
 * A text from outside, in quotation marks, safe for a message: writes what a terminal would obey or hide (control characters,
 * direction marks, odd spaces, halves of surrogate pairs) as `\u{...}`, user name and password of an address (or of podman's
 * `--creds`) as `***`, and cuts the text after 100 characters.
 */
export function shown(text: string): string {
  const masked = text
    .slice(0, longestSearched)
    .replace(new RegExp(String.raw`:\/\/\S*@${digestAhead}`, 'g'), '://***@')
    .replace(new RegExp(String.raw`(^|[\s"'<(])([^\s/@:]+:)(?!\/\/)\S*@${digestAhead}`, 'g'), '$1$2***@')
    .replace(/(--creds[= ]+)\S+/g, '$1***')
  const characters = Array.from(masked)
  const cut = characters.length > longestShown ? `${characters.slice(0, longestShown).join('')}…` : masked
  return `"${cut.replace(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, escaped)}"`
}

/** The character (code point) at an index of a text, described so that it cannot be confused with an ASCII look-alike. */
export function shownCharacter(text: string, index: number): string {
  const codePoint = text.codePointAt(index)
  if (codePoint === undefined) return 'the end'
  const character = String.fromCodePoint(codePoint)
  if (codePoint >= 0x20 && codePoint < 0x7f) return `"${character}"`
  const number = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
  return /[\p{C}\p{Z}\p{M}]/u.test(character) ? number : `"${character}" (${number})`
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
