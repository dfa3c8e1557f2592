import {columnsOf, wrapLine, type WrapOptions} from './columns.js'

/** The beginnings of lines to paste: flags, commands and addresses. */
const PASTED = /--[a-z]|(?:apt-get|brew|chmod|docker|git|keg|mutagen|npm|open|rm|service|sudo|systemctl) \S|https?:\/\//

/** Such a line is a whole text, or follows a colon and ends with the sentence. */
const PASTED_PART = new RegExp(`(?:^|(?<=: ))((?:${PASTED.source}).*?)(?:[.?] (?=[A-Z])|$)`, 'g')

/**
 * Wraps a text for people to a number of columns: breaks each line at spaces and keeps its indentation. Text to be pasted,
 * as in `Start it: keg tap start shop`, stays whole on its own line, whatever its length: a broken command does something
 * else.
 * @param columns undefined for no limit
 */
export function wrapText(text: string, columns: number | undefined, options: WrapOptions = {}): string[] {
  return text.split('\n').flatMap((line) => {
    if (columns === undefined || columnsOf(line) <= columns) return [line]
    const indent = /^ */.exec(line)?.[0] ?? ''
    const room = Math.max(1, columns - indent.length)
    return wrapped(line.slice(indent.length), room, options).map((each) => indent + each)
  })
}

function wrapped(line: string, room: number, options: WrapOptions): string[] {
  return line.split(PASTED_PART).flatMap((part, index) => {
    const isPasted = index % 2 === 1
    if (isPasted) return [part]
    return part.trim() === '' ? [] : wrapLine(part.trim(), room, options)
  })
}
