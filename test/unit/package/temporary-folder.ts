import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** Gives each test of a `describe` its own temporary folder, and removes it afterwards. */
export function ownTemporaryFolder(): {readonly path: string} {
  const usual = process.env.TMPDIR
  const folder = {path: ''}
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'keg-test-temporary-'))
    process.env.TMPDIR = folder.path
  })
  afterEach(() => {
    if (usual === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = usual
    rmSync(folder.path, {recursive: true, force: true})
  })
  return folder
}
