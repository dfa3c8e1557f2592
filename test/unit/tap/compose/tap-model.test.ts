import {expect} from 'chai'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import {optionalServices, readModel} from '../../../../src/lib/compose/compose-model.js'

describe('readModel', () => {
  for (const text of ['', 'null', '[]', '{"services": []}', '{"services": {"a": 1}}', '{"networks": "x"}'])
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => readModel(text))
        .to.throw(FailedError)
        .with.property('code', 'compose-answer-invalid')
    })
})

describe('optionalServices', () => {
  it('are those that no dependent requires', () => {
    const services = {
      web: {depends_on: {db: {required: true}, mail: {required: false}, cache: {required: false}}},
      worker: {depends_on: {cache: {condition: 'service_started'}}},
      alone: {},
    }
    expect([...optionalServices({services})]).to.deep.equal(['mail'])
  })
})
