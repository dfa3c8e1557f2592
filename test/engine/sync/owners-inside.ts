import {expect} from 'chai'
import {realpath, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {docker, type Sandbox} from '../../support/docker.js'
import {startMutagen, syncImage} from '../../support/mutagen.js'
import {create, createOptions} from './create-options.js'

/** Checks that a sync into containers of the current engine creates files with the right owners as containers see them. */
export async function expectRightOwners(sandbox: Sandbox): Promise<void> {
  const mutagen = await startMutagen()
  try {
    const folder = await realpath(await sandbox.temporaryFolder('owners'))
    await writeFile(join(folder, 'file'), 'synced')
    const environment = {...process.env, ...mutagen.environment, HOME: folder, XDG_STATE_HOME: `${folder}-state`}
    const image = await syncImage(sandbox, ['RUN mkdir -m 2750 /kept && chown 5:7 /kept'])
    const owners: string[] = []
    for (const user of ['root', 'node']) {
      const target = await sandbox.run(['--user', user, image])
      for (const remote of user === 'root' ? ['/kept', '/made/here'] : ['/made/here', '/home/node/app']) {
        await create({...createOptions(folder, environment), target, local: folder, remote})
        owners.push(await docker(['exec', target, 'stat', '-c', '%n %u:%g %a', remote, `${remote}/file`]))
      }
    }
    expect(owners).to.deep.equal([
      '/kept 5:7 2750\n/kept/file 5:7 640',
      '/made/here 0:0 755\n/made/here/file 0:0 644',
      '/made/here 1000:1000 755\n/made/here/file 1000:1000 644',
      '/home/node/app 1000:1000 755\n/home/node/app/file 1000:1000 644',
    ])
  } finally {
    await mutagen.stop()
  }
}
