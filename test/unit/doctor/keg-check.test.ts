import {expect} from 'chai'
import {checkInstallation} from '../../../src/lib/doctor/keg-check.js'
import {TAP_PLUGIN_NAME} from '../../../src/lib/tap-folder/plugin/tap-commands.js'

const installation = {
  version: '1.2.0',
  nodeRange: '>=20.19',
  nodeVersion: '20.20.2',
  plugins: [
    {name: '@keg/docker', version: '1.2.0'},
    {name: 'somebody-elses', version: '7.0.0'},
  ],
}

describe('keg itself', () => {
  it('is shown with its version, its plugins and Node', () => {
    expect(checkInstallation(installation)).to.include({
      status: 'ok',
      detail: '1.2.0 on Node 20.20.2, @keg/docker 1.2.0, somebody-elses 7.0.0',
    })
  })

  it('needs the Node version that its package requires', () => {
    expect(checkInstallation({...installation, nodeVersion: '20.9.0'})).to.include({status: 'problem'})
    expect(checkInstallation({...installation, nodeVersion: '20.9.0'}).detail).to.include('20.19')
    expect(checkInstallation({...installation, nodeVersion: '24.1.0'})).to.include({status: 'ok'})
    expect(checkInstallation({...installation, nodeRange: undefined})).to.include({status: 'ok'})
  })

  it('reports a plugin of keg that has another version', () => {
    const plugins = [{name: '@keg/docker', version: '1.1.0'}]
    const finding = checkInstallation({...installation, plugins})
    expect(finding.status).to.equal('notice')
    expect(finding.notes?.join()).to.include('@keg/docker')
    const linkedTaps = {name: TAP_PLUGIN_NAME, version: '1.0.0'}
    const made = checkInstallation({...installation, plugins: [linkedTaps]})
    expect(made).to.include({status: 'ok', detail: '1.2.0 on Node 20.20.2'})
  })
})
