import {expect} from 'chai'
import {excludedValues, withoutEnvironment, withoutValues} from '../../../../src/lib/package/exclude/environment.js'
import type {ContainerDetails, ImageDetails} from '../../../../src/lib/engine/types.js'
import {baseLayer} from '../../../../src/lib/image/image.js'
import {containerWith} from '../details.js'

describe('excluded variables', () => {
  const container = containerWith({Env: ['TOKEN=from-the-command-line', 'TOKENS=2', 'MODE=x', 'EMPTY']})
  const base = {Config: {Env: ['TOKEN=of-the-image', 'MODE=x']}} as unknown as ImageDetails

  it('are removed from the environment, and no others', () => {
    const env = (names: string[]): ContainerDetails['Config']['Env'] => withoutEnvironment(container, names).Config.Env
    expect(env(['TOKEN', 'EMPTY', 'UNKNOWN'])).to.deep.equal(['TOKENS=2', 'MODE=x'])
    expect(withoutEnvironment(container, [])).to.equal(container)
  })

  it('are also removed from the history: short values only in assignments', () => {
    const values = excludedValues(container, base, ['TOKEN', 'MODE'])
    const step = (created_by: string) => ({created: '2024-01-02T03:04:05Z', created_by})
    const image = withoutValues(
      {
        layers: [baseLayer(Buffer.from('x'), step('RUN |1 TOKEN=of-the-image /bin/sh -c fetch of-the-image x'))],
        emptyHistory: [
          {index: 0, history: step('ENV TOKEN=of-the-image MODE=x')},
          {index: 0, history: step('ENV MODE x')},
        ],
        config: {created: '', architecture: 'amd64', os: 'linux', config: {}},
        labels: {},
      },
      values,
    )
    const texts = [...image.layers, ...image.emptyHistory].map(({history}) => history.created_by)
    expect(texts).to.deep.equal(['RUN |1 TOKEN=*** /bin/sh -c fetch *** x', 'ENV TOKEN=*** MODE=***', 'ENV MODE=***'])
  })
})
