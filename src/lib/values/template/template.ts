/** A part of a text: literal text, or what is between `{{` and `}}`, without spaces around it. */
export type TemplatePart =
  | {readonly literal: string}
  | {readonly expression: string}
  | {/** What follows a `{{` without a `}}`. */ readonly unclosed: string}

/** Splits a text at its templates. `{{ '{{' }}` is two braces, for the templates of other tools. */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = []
  let rest = text
  for (;;) {
    const start = rest.indexOf('{{')
    if (start === -1) return [...parts, {literal: rest}]
    parts.push({literal: rest.slice(0, start)})
    const end = rest.indexOf('}}', start + 2)
    if (end === -1) return [...parts, {unclosed: rest.slice(start + 2).trim()}]
    const expression = rest.slice(start + 2, end).trim()
    parts.push(/^(['"])\{\{\1$/.test(expression) ? {literal: '{{'} : {expression})
    rest = rest.slice(end + 2)
  }
}
