import {Plugin} from '@oclif/core'
import {expect} from 'chai'
import {join} from 'node:path'
import {readWorkspaces, repository} from '../../../scripts/setup/dependencies.js'

describe('the arguments of all commands', () => {
  it('are never read from standard input, which can be the list that a loop reads', async () => {
    const reading: string[] = []
    let seen = 0
    for (const folder of ['', ...(await readWorkspaces())]) {
      const plugin = new Plugin({root: join(repository, folder), type: 'core', errorOnManifestCreate: true})
      await plugin.load()
      for (const id of plugin.commandIDs) {
        const {args} = await plugin.findCommand(id, {must: true})
        for (const [name, {ignoreStdin}] of Object.entries(args)) {
          seen++
          if (ignoreStdin !== true) reading.push(`${id} ${name}`)
        }
      }
    }
    expect(reading).to.deep.equal([])
    expect(seen).to.be.greaterThan(20)
  })
})
