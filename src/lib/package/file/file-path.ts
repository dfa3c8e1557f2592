import {stat} from 'node:fs/promises'
import {resolve} from 'node:path'
import type {Work} from '../../work/work.js'

/**
 * The path of a file, if that is what a text for a package means: one that starts with `/`, `./` or `../`; or one that has a slash
 * or ends with `.tar`, and is that of a file. Anything else is a reference, even if there is a file of that name.
 */
export async function filePathIn(
  {folder}: Pick<Work, 'folder'>,
  text: string | undefined,
): Promise<string | undefined> {
  if (text === undefined || /^\.{0,2}\//.test(text)) return text
  if (!text.includes('/') && !text.endsWith('.tar')) return undefined
  const info = await stat(resolve(folder, text)).catch(() => undefined)
  return info?.isFile() === true ? text : undefined
}

/** A path as the commands for packages take it for a file, whatever it is named. */
export function asFilePath(path: string): string {
  const isRead = path.includes('/') || path.endsWith('.tar')
  return isRead && !path.startsWith('-') ? path : `./${path}`
}
