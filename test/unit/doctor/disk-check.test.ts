import {expect} from 'chai'
import {checkEngineFolder, checkTemporaryFolder, spaceFinding} from '../../../src/lib/doctor/disk-check.js'
import {ownTemporaryFolder} from '../package/temporary-folder.js'

describe('the check of the disk', () => {
  const temporary = ownTemporaryFolder()

  it('wants space for some packages, and warns if there is little', () => {
    const remedy = 'Make room.'
    expect(spaceFinding('/tmp', 80e9, remedy)).to.deep.equal({
      status: 'ok',
      detail: '80 GB free in /tmp',
      data: {folder: '/tmp', free: 80e9},
    })
    expect(spaceFinding('/tmp', 3e9, remedy)).to.include({status: 'notice', remedy})
    expect(spaceFinding('/tmp', 5e8, remedy)).to.include({status: 'problem', remedy})
    expect(spaceFinding('/tmp', 0, remedy)).to.include({status: 'problem'})
  })

  it('checks the folder where keg records mounts', async () => {
    const {data} = await checkTemporaryFolder()
    expect(data?.folder).to.equal(temporary.path)
    expect(data?.free).to.be.a('number').greaterThan(0)
  })

  it('skips the engine if there is none', async () => {
    const connection = {engine: undefined, error: new Error('none')}
    expect(await checkEngineFolder(connection)).to.include({status: 'skipped'})
  })
})
