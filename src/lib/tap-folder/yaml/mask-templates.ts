/** A text with masked templates, and a function to unmask parts of it. */
export interface MaskedTemplates {
  /** As long as the original text, so that all positions are the same. */
  readonly text: string
  readonly unmask: (part: string) => string
}

/**
 * Hides templates from a YAML parser. The old keg filled them in before it parsed a file, so taps have them outside of
 * quotes, where `{{` begins a mapping: each of their characters becomes one without a meaning in YAML.
 */
export function maskTemplates(text: string): MaskedTemplates {
  // A text with these characters uses them for something else.
  if (new RegExp(MASK).test(text)) return {text, unmask: (part) => part}
  return {
    text: text.replace(TEMPLATE, (template) => template.replace(/[ -~]/g, (character) => moved(character, SHIFT))),
    unmask: (part) => part.replace(new RegExp(MASK, 'g'), (character) => moved(character, -SHIFT)),
  }
}

const TEMPLATE = /\{\{[^{}\r\n]*\}\}/g
/** The printable characters of ASCII, moved into Unicode's private use area. */
const MASK = '[\ue020-\ue07e]'
const SHIFT = 0xe000

function moved(character: string, by: number): string {
  return String.fromCharCode(character.charCodeAt(0) + by)
}
