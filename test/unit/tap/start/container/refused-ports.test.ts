import {expect} from 'chai'
import {FailedError} from '../../../../../src/lib/error/keg-error.js'
import {portsRefusedToCompose} from '../../../../../src/lib/tap/start/apply-start.js'

const failed = (message: string, code = 'compose-failed'): FailedError => new FailedError(message, {code})
const refusal = 'Bind for 0.0.0.0:8080 failed: port is already allocated'

describe('ports that the engine refused', () => {
  it('are read from its message', () => {
    expect(portsRefusedToCompose(failed(refusal))).to.deep.equal(['8080/tcp'])
  })

  it('are none if compose failed for another reason', () => {
    expect(portsRefusedToCompose(failed('dependency failed: container shop-8080-1 is unhealthy'))).to.deep.equal([])
  })

  it('are none for another error', () => {
    expect(portsRefusedToCompose(failed(refusal, 'other'))).to.deep.equal([])
    expect(portsRefusedToCompose(new Error(refusal))).to.deep.equal([])
  })
})
