/** A text in which templates are hidden, and how they come to light in what is read of it. */
export interface Veil {
  /** As long as the text was, so that all stands in its place. */
  readonly text: string
  readonly unveil: (part: string) => string
}

/**
 * Hides templates from a parser of YAML. The old keg filled them in before it read a file, so that taps have them outside of
 * quotes, where `{{` begins a map: each character of theirs becomes one that means nothing in YAML.
 */
export function veilTemplates(text: string): Veil {
  // Who writes with these characters means something else by them.
  if (new RegExp(VEIL).test(text)) return {text, unveil: (part) => part}
  return {
    text: text.replace(TEMPLATE, (template) => template.replace(/[ -~]/g, (character) => moved(character, SHIFT))),
    unveil: (part) => part.replace(new RegExp(VEIL, 'g'), (character) => moved(character, -SHIFT)),
  }
}

const TEMPLATE = /\{\{[^{}\r\n]*\}\}/g
/** The printable characters of ASCII, moved into the area of Unicode that is for private use. */
const VEIL = '[\ue020-\ue07e]'
const SHIFT = 0xe000

function moved(character: string, by: number): string {
  return String.fromCharCode(character.charCodeAt(0) + by)
}
