import {expect} from 'chai'
import {editModel, withoutBuild, type ModelEdit} from '../../../../src/lib/tap/compose/edit-model.js'
import {exampleModel} from './models.js'

const edit: ModelEdit = {
  project: 'shop-main',
  isLeftAlone: false,
  labels: {'com.keg.folder': '/home/me/$shop', 'com.keg.tap': 'shop'},
  main: {
    service: 'shop',
    containerName: 'shop-main',
    image: 'ghcr.io/acme/shop:develop',
    variables: ['A=1=$2', 'PRICE', 'DOC_APP_PATH=/other'],
    networks: ['keg-hub-net'],
    labels: {'com.keg.tap.main': 'true', 'com.keg.folder': ''},
  },
}

describe('the model of a folder and branch', () => {
  const {name, networks, services, volumes} = editModel(exampleModel(), edit)

  it('is a project of its own', () => {
    expect(name).to.equal('shop-main')
    expect(volumes).to.deep.equal(exampleModel().volumes)
  })

  it('has one container of a name, the app, so that several models run side by side', () => {
    expect(services.shop).to.include({container_name: 'shop-main'})
    expect(services.db).not.to.have.property('container_name')
  })

  it("has the tap's image, which is here by now, and a terminal, as its programs expect", () => {
    expect(services.shop).to.include({
      image: 'ghcr.io/acme/shop:develop',
      pull_policy: 'never',
      tty: true,
      stdin_open: true,
    })
    expect(services.db).to.include({image: 'db:1'}).and.not.to.have.any.keys('pull_policy', 'tty')
  })

  it("has keg's labels on every service, whatever file or image say, and those of the app on the app", () => {
    const shared = {'com.keg.folder': '/home/me/$$shop', 'com.keg.tap': 'shop'}
    expect(services.db?.labels).to.deep.equal(shared)
    expect(services.shop?.labels).to.deep.equal({team: 'a', 'com.keg.tap.main': 'true', ...shared})
  })

  it('has the values that it passes on, without those that nothing gave a value, and what -e says', () => {
    expect(services.shop?.environment).to.deep.equal({A: '1=$$2', DOC_APP_PATH: '/other'})
    expect(services.db).not.to.have.property('environment')
  })

  it('joins the networks that are named, beside its own', () => {
    expect(services.shop?.networks).to.deep.equal({default: null, 'keg-1': null})
    expect(networks).to.deep.equal({
      default: {name: 'container_default'},
      'keg-1': {name: 'keg-hub-net', external: true},
    })
  })

  it("joins none where it has the host's or another container's", () => {
    const model = exampleModel()
    const host = {...model, services: {...model.services, shop: {...model.services.shop, network_mode: 'host'}}}
    expect(editModel(host, edit).networks).to.deep.equal(model.networks)
  })

  it('keeps all else as the file has it, but is not built again by compose up', () => {
    const {build, depends_on: dependsOn, ports} = services.shop ?? {}
    expect({build, depends_on: dependsOn, ports}).to.deep.equal({
      build: exampleModel().services.shop?.build,
      depends_on: exampleModel().services.shop?.depends_on,
      ports: exampleModel().services.shop?.ports,
    })
    expect(withoutBuild(exampleModel(), 'shop', 'built').services.shop)
      .to.include({image: 'built'})
      .and.not.to.have.property('build')
    expect(withoutBuild(exampleModel(), 'db', 'built').services.db).to.include({image: 'db:1'})
  })

  it('is left as it is with KEG_NO_INJECTED_COMPOSE, but for names and labels', () => {
    const alone = editModel(exampleModel(), {...edit, isLeftAlone: true})
    const {shop = {}} = exampleModel().services
    expect(alone.networks).to.deep.equal(exampleModel().networks)
    expect(alone.services.shop).to.deep.equal({
      ...shop,
      container_name: 'shop-main',
      environment: {DOC_APP_PATH: '/app', PRICE: '5$$'},
      labels: services.shop?.labels,
    })
  })
})
