import {stat} from 'node:fs/promises'

/** Whether a folder is there. One that cannot be looked at is: whoever reads it says what is wrong. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    return !(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
  }
}
