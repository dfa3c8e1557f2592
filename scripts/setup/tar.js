/**
 * @typedef {object} TarEntry
 * @property {string} path without a leading slash, at most 100 bytes
 * @property {'file' | 'folder' | 'link'} type
 * @property {number} [mode] default: 0755 for folders and links, 0644 for files
 * @property {Uint8Array | string} [content] of a file
 * @property {string} [target] of a symbolic link
 */

/**
 * A tar archive of files that need not exist: all belong to root, whoever makes it, and have no times. The format is POSIX
 * ustar (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html).
 *
 * @param {readonly TarEntry[]} entries
 * @returns {Buffer}
 */
export function createTar(entries) {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '')
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512)
    return [header(entry, content.length), content, padding]
  })
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

/**
 * @param {TarEntry} entry
 * @param {number} size
 */
function header({path, type, mode = type === 'file' ? 0o644 : 0o755, target = ''}, size) {
  const block = Buffer.alloc(512)
  const name = type === 'folder' ? `${path}/` : path
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(target) > 100)
    throw new RangeError(`too long for tar: ${path}`)
  /** @type {(value: number, offset: number, length: number) => void} */
  const octal = (value, offset, length) => void block.write(value.toString(8).padStart(length - 1, '0'), offset)
  block.write(name, 0)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  block.fill(' ', 148, 156)
  block.write({file: '0', link: '2', folder: '5'}[type], 156)
  block.write(target, 157)
  block.write('ustar\u{0}00', 257)
  block.write('root', 265)
  block.write('root', 297)
  const checksum = block.reduce((sum, byte) => sum + byte, 0)
  block.write(`${checksum.toString(8).padStart(6, '0')}\u{0} `, 148)
  return block
}
