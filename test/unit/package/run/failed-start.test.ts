import {expect} from 'chai'
import {RunError} from '../../../../src/lib/container/run-error.js'
import {
  backgroundText,
  endedEarlyError,
  keepsFailed,
  notReadyError,
  type FailedContainer,
} from '../../../../src/lib/package/run/failed-start.js'
import {withHintEngine} from '../../../../src/lib/terminal/command-line.js'

const failed: FailedContainer = {
  ...{id: 'c'.repeat(64), name: 'keg-shop-x', reference: '127.0.0.1:5000/shop:x', lastLines: ['one', 'two\u001b[2J']},
  ...{isShown: false, isKept: true, detach: true},
}
const late = new RunError('Not healthy after 2.0 s.', {code: 'not-ready', hint: 'Give it longer.', exitCode: 1})

describe('failed start', () => {
  it('keeps the container unless --rm was given', () => {
    expect([undefined, false, true].map((remove) => keepsFailed({remove}))).to.deep.equal([true, true, false])
  })

  it('after a timeout prints the last lines, and how to follow, wait for and stop the container', () => {
    const {code, data, exitCode, hint, message} = notReadyError(late, failed)
    expect({code, exitCode}).to.deep.equal({code: 'not-ready', exitCode: 1})
    expect(message).to.equal('Not healthy after 2.0 s.\n  one\n  two?[2J')
    expect(hint).to.include('docker logs -f keg-shop-x').and.include('docker stop keg-shop-x')
    expect(hint).to.include(
      'keg docker package run 127.0.0.1:5000/shop:x --name keg-shop-x --pull never --reuse --wait 5m --detach\n',
    )
    expect(data).to.deep.equal({logs: ['one', 'two?[2J'], container: failed.id, name: 'keg-shop-x'})
  })

  it('names the selected engine in every line', () => {
    const hint = withHintEngine({args: ['--host', 'ssh://me@far']}, () => notReadyError(late, failed)).hint ?? ''
    expect(hint.match(/--host ssh:\/\/me@far/g)).to.have.length(4)
  })

  it('after a crash prints the exit code and log, and that the container is kept', () => {
    const error = endedEarlyError(7, 'Look.', failed)
    expect(error.exitCode).to.equal(7)
    expect(error.message).to.include('exit code 7').and.include('\n  one\n')
    expect(error.hint).to.include('Look.\nThe container keg-shop-x is kept.\n').and.include('docker logs keg-shop-x')
    expect(error.data).to.include({exitCode: 7})
    expect(endedEarlyError(0, 'Look.', failed).exitCode).to.equal(1)
  })

  it('does not mention a removed container, or repeat printed lines', () => {
    const error = endedEarlyError(7, 'Look.', {...failed, isKept: false, isShown: true})
    expect(error.hint).to.equal('Look.')
    expect(error.message).not.to.include('one')
    expect(error.data).to.include({container: null})
    expect(notReadyError(late, {...failed, isKept: false}).hint).to.equal('Give it longer.')
  })
})

describe('package in the background', () => {
  it('can be stopped by the printed line', () => {
    expect(backgroundText(failed.name, false))
      .to.include('Stop it: docker stop keg-shop-x\n')
      .and.include('Stop and remove it')
    expect(backgroundText(failed.name, true)).not.to.include('Stop and remove it')
  })
})
