import fc from 'fast-check'
import {textToBytes, type TarHeader, type TarType} from '../../../src/lib/tar/tar-header.js'

const letter = fc.constantFrom(...Array.from('abcXYZ019._- '))
const anyByte = fc.integer({min: 1, max: 255}).map((byte) => String.fromCharCode(byte))
const nameByte = anyByte.filter((byte) => byte !== '/')

/** A name of a file, as a byte string: all bytes but NUL and `/`. */
export const name = fc
  .oneof(
    fc.string({unit: letter, minLength: 1, maxLength: 12}),
    fc.string({unit: letter, minLength: 95, maxLength: 105}),
    fc.string({unit: nameByte, minLength: 1, maxLength: 255}),
  )
  .filter((text) => text !== '.' && text !== '..')

/** A path as in headers, without the root. */
export const path = fc.array(name, {minLength: 1, maxLength: 4}).map((names) => names.join('/'))

const bigNumber = (octalDigits: number) =>
  fc.oneof(
    fc.integer({min: 0, max: 70_000}),
    fc.constantFrom(8 ** octalDigits - 1, 8 ** octalDigits, 2 ** 32 - 1),
    fc.maxSafeNat(),
  )

/** Extended attributes; a name cannot contain `=`, which ends it in a pax record. */
export const xattrs = fc
  .array(
    fc.tuple(
      fc.string({unit: 'binary', minLength: 1, maxLength: 8}).filter((text) => !/[=\0]/.test(text)),
      fc.uint8Array({maxLength: 200}),
    ),
    {maxLength: 3},
  )
  .map((all) => new Map(all.map(([key, value]) => [textToBytes(`user.${key}`), Buffer.from(value)])))

const owner = {
  mode: fc.integer({min: 0, max: 0o7777}),
  uid: bigNumber(7),
  gid: bigNumber(7),
  mtime: fc.oneof(bigNumber(11), fc.integer({min: -(2 ** 40), max: -1})),
  xattrs,
}
const none = fc.constant(0)
const device = fc.oneof(none, fc.integer({min: 1, max: 0o7777777}))
const nothing = {size: none, link: fc.constant(''), deviceMajor: none, deviceMinor: none}

function ofType<T extends TarType>(type: T): {type: fc.Arbitrary<T>} {
  return {type: fc.constant(type)}
}

/** Any header that a file system can produce. */
export const header: fc.Arbitrary<TarHeader> = fc.oneof(
  fc.record({...owner, ...nothing, ...ofType('file'), path, size: bigNumber(11)}),
  fc.record({...owner, ...nothing, ...ofType('directory'), path: fc.oneof(path, fc.constant(''))}),
  fc.record({...owner, ...nothing, ...ofType('hardlink'), path, link: path}),
  fc.record({
    ...owner,
    ...nothing,
    ...ofType('symlink'),
    path,
    link: fc.string({unit: anyByte, minLength: 1, maxLength: 300}),
  }),
  fc.record({...owner, ...nothing, ...ofType('fifo'), path}),
  fc.record({...owner, ...nothing, ...ofType('character'), path, deviceMajor: device, deviceMinor: device}),
  fc.record({...owner, ...nothing, ...ofType('block'), path, deviceMajor: device, deviceMinor: device}),
)

/** A file with its content, or an entry without content. */
export const file: fc.Arbitrary<{header: TarHeader; content: Buffer}> = fc
  .tuple(header, fc.uint8Array({maxLength: 1200}))
  .map(([entry, bytes]) => {
    const content = Buffer.from(entry.type === 'file' ? bytes : [])
    return {header: {...entry, size: content.length}, content}
  })
