import fc from 'fast-check'

const lowerAlphanumeric = fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz0123456789'))
const atom = fc.string({unit: lowerAlphanumeric, minLength: 1, maxLength: 8})
const separator = fc.constantFrom('.', '_', '__', '-', '---')

/** Parts of a path, tags, hosts and digests, made from the grammar and not by keg's own functions. */
export const pathPart = fc
  .tuple(atom, fc.array(fc.tuple(separator, atom), {maxLength: 3}))
  .map(([first, rest]) => first + rest.flat().join(''))
export const path = fc.array(pathPart, {minLength: 1, maxLength: 5}).map((parts) => parts.join('/'))
export const tag = fc.stringMatching(/^\w[\w.-]{0,127}$/)
export const digest = fc.oneof(
  fc.stringMatching(/^sha256:[0-9a-f]{64}$/),
  fc.stringMatching(/^sha512:[0-9a-f]{128}$/),
  fc.stringMatching(/^md5[-_+.]b:[0-9A-Fa-f]{32,40}$/),
)
const port = fc.integer({min: 1, max: 65_535})
export const host = fc
  .tuple(
    fc.oneof(
      fc.constantFrom('localhost', 'ghcr.io', 'docker.io', 'index.docker.io', 'A', 'x--y.Z9'),
      fc.domain(),
      fc.ipV4(),
      fc
        .ipV6()
        .filter((address) => !address.includes('.'))
        .map((address) => `[${address}]`),
    ),
    fc.option(port, {nil: undefined}),
  )
  .map(([name, number]) => (number === undefined ? name : `${name}:${number}`))

/** Valid references with their parts; a single word before a path never looks like a host. */
export const writtenReference = fc
  .record({
    host: fc.option(host, {nil: undefined}),
    path,
    tag: fc.option(tag, {nil: undefined}),
    digest: fc.option(digest, {nil: undefined}),
  })
  .filter((parts) => parts.host !== undefined || !/^(?:localhost|[^/]*\.[^/]*)\//.test(parts.path))
  .filter((parts) => !/^[0-9a-f]{64}$/.test(parts.path))
  .map((parts) => ({
    ...parts,
    text: [
      parts.host === undefined ? '' : `${parts.host}/`,
      parts.path,
      parts.tag === undefined ? '' : `:${parts.tag}`,
      parts.digest === undefined ? '' : `@${parts.digest}`,
    ].join(''),
  }))

/** Any text; half of it close to the grammar, where mistakes are likely. */
export const anyText = fc.oneof(
  fc.string({unit: 'binary'}),
  fc.string({
    unit: fc.constantFrom(...Array.from('aZ0./:@-_[]% \n"$#?=&'), '：', '\u001b', 'é', '\u{1f37a}'),
    maxLength: 30,
  }),
  fc.tuple(writtenReference, fc.nat(), fc.string({unit: 'binary', maxLength: 2})).map(([{text}, at, noise]) => {
    const index = at % (text.length + 1)
    return text.slice(0, index) + noise + text.slice(index)
  }),
)
