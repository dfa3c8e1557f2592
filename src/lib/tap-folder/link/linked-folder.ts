import {stat} from 'node:fs/promises'

/** Whether a folder exists. One that cannot be checked counts: reading it gives the error. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    return !(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
  }
}
